// Whom can this mix not do without? Each partner and each measure is taken away in turn.
import { h } from "./dom.js";
import { between, number, t } from "./i18n.js";
import { strip, verdict } from "./figures.js";
import { named } from "./measures.js";
import { request } from "./socket.js";
import { roundUp } from "./staircase.js";
import { asked, measureOf, state, todayOf } from "./store.js";

const nameOf = (loss) => named((loss.kind === "partner" ? state.place.partners.find((one) => one.kind === loss.id) : measureOf(loss.id)).names);

/** Losses that can be told first, the largest first; the others in one group without an order. */
export function sorted(losses) {
  const told = losses.filter((loss) => loss.told).sort((a, b) => b.mean - a.mean);
  return [told, losses.filter((loss) => !loss.told)];
}

function rows(losses, scale) {
  return losses.map((loss) => h("tr", { dataset: { without: loss.id, verdict: verdict(loss) } },
    h("th", { scope: "row" }, nameOf(loss), h("span", { class: "said" }, t(loss.kind === "partner" ? "essential.partner" : todayOf(loss.id) > 0 ? "essential.service" : "essential.measure"))),
    h("td", {}, number(-loss.mean, 1, true), h("span", { class: "said" }, between(-loss.high, -loss.low))),
    h("td", { class: "picture" }, strip({ ...loss, mean: -loss.mean, low: -loss.high, high: -loss.low }, scale, 200, 20)),
    h("td", {}, number(-loss.served, 0, true))));
}

export function essentialCard() {
  const box = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("essential.title") });
  const said = h("p", { class: "note", role: "status" });
  const button = h("button", { type: "button", class: "main", onclick: () => {
    state.essential = null;
    said.textContent = t("stage.calculating");
    box.replaceChildren();
    request({ type: "essential", setting: asked() }).catch(() => {});
  } }, t("essential.button"));
  const node = h("section", { class: "card essential" }, h("h2", {}, t("essential.title")), h("p", { class: "note" }, t("essential.note")), h("div", { class: "tools" }, button), said, box);

  function update(what) {
    if (what === "setting" || (what === "all" && !state.essential)) { if (what === "setting") state.essential = null; said.textContent = ""; box.replaceChildren(); return; }
    const found = state.essential;
    if (!found || !["essential", "all"].includes(what)) return;
    said.textContent = found.done < found.total ? t("essential.progress", { done: number(found.done), total: number(found.total) }) : t("essential.done");
    if (!found.losses.length) return;
    const [told, untold] = sorted(found.losses);
    const scale = roundUp(Math.max(...found.losses.flatMap((loss) => [loss.low, loss.high, loss.mean].map(Math.abs)), 1e-9));
    const group = (key, losses) => (losses.length ? [h("tr", { class: "group" }, h("th", { scope: "rowgroup", colspan: 4 }, t(key))), rows(losses, scale)] : []);
    box.replaceChildren(h("table", { class: "who" }, h("caption", { class: "hidden" }, t("essential.title")),
      h("thead", {}, h("tr", {}, ["essential.without", "essential.change", "who.picture", "essential.served"].map((key) => h("th", { scope: "col" }, t(key))))),
      h("tbody", {}, group("essential.told", told), group("essential.untold", untold))));
  }
  return { node, update };
}
