// Ten years, if the mix goes on: on demand, with progress. A bar a year with its range.
import { h, newId, s } from "./dom.js";
import { between, digits, number, t } from "./i18n.js";
import { difference, verdict } from "./figures.js";
import { request } from "./socket.js";
import { roundUp } from "./staircase.js";
import { asked, state } from "./store.js";

const OUTCOMES = ["at_work", "entry", "promotions", "progress", "jobs", "everybody"];

/** Ten years of one outcome as a drawing: zero line, range and mean of each year. */
function years(rows, width) {
  const height = 210, left = 56, bottom = 26, top = 8;
  const scale = roundUp(Math.max(...rows.flatMap((row) => [row.low, row.high, row.mean]).map((x) => Math.abs(x ?? 0)), 1e-9));
  const step = (width - left - 6) / rows.length;
  const y = (value) => top + (height - top - bottom) * (0.5 - Math.max(-1, Math.min(1, value / scale)) / 2);
  const parts = [[scale, number(scale, null, true)], [0, "0"], [-scale, number(-scale, null, true)]].flatMap(([value, label]) => [
    s("line", { x1: left, x2: width - 4, y1: y(value), y2: y(value), class: value === 0 ? "zero" : "grid" }),
    s("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end", class: "small" }, label)]);
  rows.forEach((row, at) => {
    const x = left + step * (at + 0.5), kind = verdict(row), wide = Math.min(26, step * 0.6);
    if (row.low !== null) parts.push(s("rect", { x: x - wide / 2, width: wide, y: y(row.high), height: Math.max(2, y(row.low) - y(row.high)), rx: 2, class: `band ${kind}`, "data-year": row.year }));
    parts.push(s("circle", { cx: x, cy: y(row.mean), r: 4.5, class: `mark ${kind}` }), s("text", { x, y: height - 8, "text-anchor": "middle", class: "small" }, String(row.year)));
  });
  return s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "decade-svg", role: "img", "aria-label": summary(rows) }, parts);
}

/** In words: in how many of the ten years a difference can be told. */
function summary(rows) {
  const more = rows.filter((row) => verdict(row) === "more").length, fewer = rows.filter((row) => verdict(row) === "fewer").length;
  if (!more && !fewer) return t("decade.untold");
  return t("decade.told", { more: number(more), fewer: number(fewer), untold: number(rows.length - more - fewer) });
}

function table(rows) {
  return h("table", { class: "data" }, h("caption", { class: "hidden" }, t("decade.title")),
    h("thead", {}, h("tr", {}, ["decade.year", "table.reference", "table.difference", "table.interval"].map((key) => h("th", { scope: "col" }, t(key))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row" }, String(row.year)), h("td", {}, number(row.reference, digits(row.reference))), h("td", {}, difference(row)), h("td", {}, between(row.low, row.high))))));
}

export function decadeCard() {
  const said = h("p", { class: "note", role: "status" });
  const bar = h("progress", { max: 10, value: 0, hidden: true, "aria-label": t("decade.title") });
  const chosen = h("select", { id: newId("decade"), onchange: () => show() }, OUTCOMES.map((id) => h("option", { value: id }, t(`outcome.${id}`))));
  const box = h("div", { class: "decade-box" });
  const button = h("button", { type: "button", class: "main", onclick: () => {
    state.decade = null;
    box.replaceChildren();
    said.textContent = t("stage.calculating");
    bar.hidden = false;
    bar.value = 0;
    request({ type: "decade", setting: asked() }).catch((error) => { said.textContent = error.message; bar.hidden = true; });
  } }, t("decade.button"));
  const picker = h("div", { class: "field", hidden: true }, h("label", { for: chosen.id, class: "hidden" }, t("months.choose")), chosen);
  const node = h("section", { class: "card decade" }, h("div", { class: "card-head" }, h("h2", {}, t("decade.title")), picker),
    h("p", { class: "note" }, t("decade.note")), h("div", { class: "tools" }, button, bar), said, box);

  function show() {
    const found = state.decade;
    picker.hidden = !(found && found.rows);
    if (!found) return;
    bar.max = found.total;
    bar.value = found.done;
    bar.hidden = Boolean(found.rows);
    if (!found.rows) { said.textContent = t("decade.progress", { done: number(found.done), total: number(found.total) }); return; }
    const rows = found.rows[chosen.value];
    said.textContent = summary(rows);
    box.replaceChildren(years(rows, Math.max(300, Math.floor(box.clientWidth || 700))), h("p", { class: "note" }, t(["at_work", "progress"].includes(chosen.value) ? "decade.axis_people" : "decade.axis_sum")),
      h("details", {}, h("summary", {}, t("button.table")), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("decade.title") }, table(rows))));
  }

  function update(what) {
    if (what === "setting") { state.decade = null; said.textContent = ""; box.replaceChildren(); bar.hidden = true; picker.hidden = true; }
    if (what === "decade" || what === "all") show();
  }
  return { node, update };
}
