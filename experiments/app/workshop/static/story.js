// One chain of openings in words, marked as an example.
import { h } from "./dom.js";
import { name, number, t } from "./i18n.js";
import { state } from "./store.js";

/** The name of a sector of this place. */
const sector = (id) => { const found = state.place.sectors.find((one) => one.id === id); return found ? name(found.names).text : id; };
const level = (rung) => t(`level.${rung}`);
const bandName = ({ side, band }) => t(side === "into" ? `into.${band}` : `out.${band}`);

function line(link, next) {
  if (link.fill === "open") return t("story.open");
  const month = number(link.closed);
  if (link.fill === "closed") return t("story.closed", { month });
  if (link.fill === "promotion" && next) return t("story.promoted", { month, level: level(next.rung), sector: sector(next.sector) });
  if (link.fill === "moves_out" && next) return t("story.moved", { month, level: level(next.rung), sector: sector(next.sector) });
  return t("story.taken", { month, who: t(`story.who_${link.fill}`) });
}

/** The story of a chain as nodes; `found` is null where the simulated year has none. */
export function storyOf(found, band, again) {
  const head = h("h3", {}, t("story.title"));
  if (!found) return [head, h("p", {}, t("story.none", { band: bandName(band), step: level(band.rung) }))];
  const first = found.links[0];
  return [head,
    h("p", { class: "note" }, t("story.note", { n: found.n, band: bandName(band), step: level(band.rung) })),
    h("ol", {}, h("li", {}, t("story.opens", { month: number(first.month), level: level(first.rung), sector: sector(first.sector), cause: t(`into.${found.origin}`) })),
      found.links.map((link, at) => h("li", {}, line(link, found.links[at + 1]))),
      found.more ? h("li", {}, t("story.more", { n: found.more })) : null),
    h("button", { type: "button", onclick: again }, t("story.another"))];
}
