// Save and print: mix file, link, tables as CSV, drawings as PNG and SVG, one page on paper.
import { csv, download, h, newId, pngBlob, svgText } from "../dom.js";
import { between, lang, money, name, number, t } from "../i18n.js";
import { band, chartSvg, difference, drawMonths, strip, steady, verdict } from "../figures.js";
import { named, totals } from "../measures.js";
import { data } from "../exported.js";
import { recordCard } from "../record.js";
import { request } from "../socket.js";
import { bandsOf, draw, scaleOf } from "../staircase.js";
import { asked, change, measureOf, state, toLink } from "../store.js";
import { OUTCOMES, SIDES, TILES, scaleText, sentence, stageText } from "./explore.js";

const stem = () => (state.name || "workshop").normalize("NFKD").replace(/[^\w-]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 40) || "workshop";

/** What stands in every file: version, place, seeds, stage. */
function source(result) {
  return [["version", state.hello.version], ["place", state.place.id], ["closure", state.setting.closure], ["seeds", result.main.seeds.join("-")], ["one person in", state.place.scale], ["pairs", result.main.pairs], ["start dates", result.main.dates], ["months", result.main.months], ["ci_level", 0.9], ["mix", JSON.stringify(asked())]];
}

export function tables(result) {
  const head = ["", "unit", "reference", "mix", "difference", "ci_low", "ci_high", "told"];
  const line = (id, row) => [id, row.unit, row.reference, row.reference === null ? null : row.reference + row.mean, row.mean, row.low, row.high, row.told];
  const rows = result.main.rows;
  const list = (ids) => [head, ...ids.filter((id) => rows[id]).map((id) => line(id, rows[id]))];
  return {
    tiles: [...list(["served", "per_100", ...TILES]), [], ...source(result)],
    who: [...list(SIDES), [], ...source(result)],
    staircase: result.main.staircase ? [["rung", "band", "reference_per_year", "mix_per_year", result.main.rows.served.mean > 0 ? "difference_per_100_served" : "difference_in_four_years", "ci_low", "ci_high", "told"],
      ...result.main.staircase.flatMap((step) => [...step.into, ...step.out, step.all, step.target].map((one) => [step.rung, one.id, one.reference, one.mix, ...one.per_100, one.told])), [], ...source(result)] : null,
    months: [["outcome", "month", "reference", "difference", "ci_low", "ci_high"],
      ...OUTCOMES.flatMap((id) => result.main.series[id].mean.map((mean, at) => [id, at + 1, result.main.series[id].reference[at], mean, result.main.series[id].low[at], result.main.series[id].high[at]])), [], ...source(result)],
  };
}

export function save(actions) {
  const node = h("div", { class: "save" });
  const label = h("input", { id: newId("name"), maxlength: 60, value: state.name, oninput: (event) => { state.name = event.target.value; update(); } });
  const linkBox = h("input", { id: newId("link"), readonly: true });
  const said = h("p", { class: "note", role: "status" });
  const fileInput = h("input", { type: "file", id: newId("file"), accept: ".toml", onchange: open });
  const hidden = h("div", { class: "offscreen", "aria-hidden": "true" });
  const print = h("div", { class: "paper scroll", tabindex: 0, role: "region", "aria-label": t("save.preview") });
  const buttons = h("div", {});
  const record = recordCard(actions);

  async function mixFile() {
    try {
      const answer = await request({ type: "file", name: state.name, setting: asked() });
      download(answer.file, answer.text, "application/toml");
      said.textContent = t("save.done");
    } catch (error) { actions.warn(error.message || t("stage.absent")); }
  }

  async function open(event) {
    const file = event.target.files[0];
    if (!file) return;
    if (file.size > 32768) { actions.warn(t("save.too_large")); return; }
    try {
      const answer = await request({ type: "read", site: state.place.id, text: await file.text() });
      change((setting) => { setting.measures = answer.setting.measures; setting.partners = answer.setting.partners; setting.own = answer.setting.own || {}; });
      for (const lost of answer.lost) actions.warn(t("save.lost", { what: lost }));
      said.textContent = t("save.opened");
    } catch (error) { actions.warn(error.message); }
    event.target.value = "";
  }

  function drawing(which) {
    const result = state.result;
    if (which === "staircase") {
      const steps = result.main.staircase;
      const svg = draw(steps, state.view, scaleOf(steps, state.view), 900, result.main.rows.served.mean > 0 ? "100" : "total");
      hidden.replaceChildren(svg);
      return svg;
    }
    const box = h("div", { style: "width:900px;height:380px" });
    hidden.replaceChildren(box);
    drawMonths(box, result.main.series[state.outcome], { both: false, light: false, label: t(`outcome.${state.outcome}`) });
    return chartSvg();
  }

  async function picture(which, kind) {
    const svg = drawing(which);
    const text = svgText(svg);
    const size = [Number(svg.getAttribute("width")) || 900, Number(svg.getAttribute("height")) || 380];
    if (kind === "svg") download(`${stem()}-${which}.svg`, text, "image/svg+xml");
    else download(`${stem()}-${which}.png`, await pngBlob(text, ...size), "image/png");
    hidden.replaceChildren();
  }

  function paper() {
    const result = state.result;
    if (!result || !result.main) return;
    const rows = result.main.rows;
    const sum = totals();
    const steps = result.main.staircase;
    print.replaceChildren(
      h("h1", {}, state.name || t("paper.title"), " · ", name(state.place.names).text),
      h("p", { class: "sentence" }, sentence(result)),
      h("div", { class: "paper-columns" },
        h("section", {}, h("h2", {}, t("paper.mix")), h("ul", {}, Object.entries(state.setting.measures).map(([id, one]) => {
          const measure = measureOf(id);
          return h("li", {}, named(measure.names), ` ${number(one.dose * 100, 0)} %`, measure.own ? ` – ${t("own.stamp")}` : "", measure.untested ? ` (${t(`strength.${one.strength || "assumed"}`)})` : "");
        })), h("p", {}, t("purse.people", { n: Math.round(sum.people) }), " · ", t("purse.money", { money: money(sum.money) }), sum.unpriced ? ` ${t("purse.unpriced", { n: sum.unpriced })}` : "")),
        h("section", {}, h("h2", {}, t("paper.numbers")), h("table", { class: "data" }, h("tbody", {}, [...TILES, ...SIDES].map((id) => h("tr", {},
          h("th", { scope: "row" }, TILES.includes(id) ? t(`tile.${id}`) : t("paper.months", { group: t(`who.${id}`) })), h("td", {}, difference(rows[id])), h("td", {}, band(rows[id])), h("td", {}, t(`verdict.${verdict(rows[id])}`)))))))),
      steps ? h("section", {}, h("h2", {}, t("staircase.title")), draw(steps, "change", scaleOf(steps, "change"), 760, result.main.rows.served.mean > 0 ? "100" : "total"), h("p", { class: "note" }, t(result.main.rows.served.mean > 0 ? "staircase.scale_change" : "staircase.scale_total", { scale: number(scaleOf(steps, "change")) }))) : "",
      scaleText() ? h("p", { class: "note" }, scaleText()) : "",
      h("p", { class: "note" }, t("paper.foot", { version: state.hello.version, seeds: result.main.seeds.join("–"), stage: stageText(result) })),
      h("p", { class: "note" }, t("paper.reading")));
  }

  function update() {
    const result = state.result;
    const ready = result && result.main && !state.pending;
    linkBox.value = (data ? location.href.split("#")[0] : location.origin + location.pathname) + toLink(state.setting, lang);
    const all = ready ? tables(result) : {};
    buttons.replaceChildren(
      h("h2", {}, t("save.tables")), h("div", { class: "tools" }, ["tiles", "who", "staircase", "months"].map((which) =>
        h("button", { type: "button", disabled: !all[which], onclick: () => download(`${stem()}-${which}.csv`, csv(all[which]), "text/csv") }, t(`save.csv_${which}`)))),
      h("h2", {}, t("save.pictures")), h("div", { class: "tools" }, ["staircase", "months"].flatMap((which) => ["png", "svg"].map((kind) =>
        h("button", { type: "button", disabled: !all[which], onclick: () => picture(which, kind) }, t(`save.picture_${which}`, { kind: kind.toUpperCase() }))))),
      h("p", { class: "note" }, stageText(result)));
    paper();
    record.update();
  }

  node.append(
    h("section", { class: "card" }, h("h1", {}, t("save.title")),
      h("div", { class: "field" }, h("label", { for: label.id }, t("save.name")), label),
      h("h2", {}, t("save.mix")), h("p", { class: "note" }, t("save.mix_note")),
      h("div", { class: "tools" }, h("button", { type: "button", class: "main", onclick: mixFile }, t("save.file")),
        data ? null : h("div", { class: "field" }, h("label", { for: fileInput.id }, t("save.open")), fileInput)),
      h("p", {}, h("code", {}, `vacancy-chains compare ${state.place.id} --mix FILE.toml${state.place.scale > 1 ? ` --scale ${state.place.scale}` : ""}`)),
      h("h2", {}, t("save.link")), h("p", { class: "note" }, t("save.link_note")), h("div", { class: "field" }, h("label", { for: linkBox.id, class: "hidden" }, t("save.link")), linkBox,
        h("button", { type: "button", onclick: async () => { linkBox.select(); try { await navigator.clipboard.writeText(linkBox.value); } catch { document.execCommand("copy"); } said.textContent = t("save.copied"); } }, t("save.copy"))),
      buttons,
      h("h2", {}, t("save.paper")), h("div", { class: "tools" }, h("button", { type: "button", class: "main", onclick: () => { paper(); window.print(); } }, t("save.print"))), said),
    h("section", { class: "card paper-card" }, h("h2", { class: "screen-only" }, t("save.preview")), print), record.node, hidden);
  return { node, update };
}

export { between, steady, strip };
