// Assumptions: every number with source and grade; the room's own values apart from the files.
import { h, newId } from "../dom.js";
import { exact, has, t } from "../i18n.js";
import { data } from "../exported.js";
import { tellRoom } from "../socket.js";
import { copyOf, state } from "../store.js";

export function assumptions() {
  const place = state.place;
  const lead = state.hello.facilitator && !data;
  const refreshers = [];
  const values = () => (state.room ? state.room.parameters : {});
  let draft = copyOf(values());

  const label = (item) => (has(`parameter.${item.id}`) ? h("span", {}, t(`parameter.${item.id}`)) : h("span", { lang: "en" }, item.meaning));
  const apply = h("button", { type: "button", class: "main", onclick: () => tellRoom({ type: "lead", what: "parameters", parameters: draft }) }, t("assumptions.apply"));
  const clear = h("button", { type: "button", onclick: () => { draft = {}; refresh(); tellRoom({ type: "lead", what: "parameters", parameters: {} }); } }, t("assumptions.clear"));
  const said = h("p", { class: "note", role: "status" });

  const disputed = place.disputed.map((id) => place.parameters.find((item) => item.id === id)).filter((item) => item && item.low !== null && item.high !== null);
  const rows = disputed.map((item) => {
    const step = (item.high - item.low) / 100;
    const slider = h("input", { type: "range", id: newId("assume"), min: item.low, max: item.high, step, disabled: !lead,
      oninput: (event) => { const x = Number(event.target.value); if (Math.abs(x - item.value) < step / 2) delete draft[item.id]; else draft[item.id] = x; refresh(); } });
    const shown = h("output", { for: slider.id });
    const node = h("div", { class: "assume", dataset: { parameter: item.id } }, h("label", { for: slider.id }, label(item)),
      slider, shown, h("p", { class: "note" }, t("assumptions.range", { low: exact(item.low), high: exact(item.high), value: exact(item.value) }), " ", h("span", { class: `grade grade-${item.grade}` }, item.grade), " ", t(`grade.${item.grade}`), " · ", h("span", { lang: "en" }, item.source)));
    refreshers.push(() => {
      const mine = item.id in draft;
      slider.value = mine ? draft[item.id] : item.value;
      shown.textContent = mine ? t("assumptions.rooms", { value: exact(draft[item.id]) }) : exact(item.value);
      node.classList.toggle("changed", mine);
    });
    return node;
  });

  const table = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("assumptions.all") }, h("table", { class: "data wide" }, h("caption", {}, t("assumptions.all")),
    h("thead", {}, h("tr", {}, ["assumptions.what", "assumptions.value", "assumptions.low", "assumptions.high", "assumptions.unit", "assumptions.grade", "assumptions.source"].map((key) => h("th", { scope: "col" }, t(key))))),
    h("tbody", {}, place.parameters.map((item) => h("tr", {}, h("th", { scope: "row" }, label(item)), h("td", {}, exact(item.value)), h("td", {}, exact(item.low)), h("td", {}, exact(item.high)), h("td", { lang: "en" }, item.unit), h("td", {}, item.grade), h("td", { class: "source", lang: "en" }, item.source))))));

  const measured = place.measures.filter((measure) => measure.levers.length);
  const levers = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("assumptions.levers") }, h("table", { class: "data wide" }, h("caption", {}, t("assumptions.levers")),
    h("thead", {}, h("tr", {}, ["assumptions.measure", "assumptions.moves", "assumptions.value", "assumptions.low", "assumptions.high", "assumptions.grade", "assumptions.source"].map((key) => h("th", { scope: "col" }, t(key))))),
    h("tbody", {}, measured.flatMap((measure) => measure.levers.map((lever) => h("tr", {}, h("th", { scope: "row", lang: "en" }, measure.names.en), h("td", {}, t(`lever.${lever.lever}`)),
      h("td", {}, exact(lever.assumed)), h("td", {}, exact(lever.low)), h("td", {}, exact(lever.high)), h("td", {}, lever.grade, lever.published ? "" : h("span", { class: "stamp" }, t("strength.stamp"))), h("td", { class: "source", lang: "en" }, lever.source)))))));

  function refresh() {
    for (const one of refreshers) one();
    const same = JSON.stringify(draft) === JSON.stringify(values());
    apply.disabled = same;
    clear.disabled = !Object.keys(draft).length && !Object.keys(values()).length;
    const n = Object.keys(values()).length;
    said.textContent = n ? t("assumptions.in_force", { n }) : t("assumptions.files");
  }

  const node = h("div", { class: "assumptions" },
    h("section", { class: "card" }, h("h1", {}, t("assumptions.title")), h("p", {}, t("assumptions.note")), said,
      lead ? h("div", { class: "tools" }, apply, clear) : h("p", { class: "note" }, t(data ? "assumptions.file_only" : "assumptions.only_lead")), rows),
    h("section", { class: "card" }, h("details", {}, h("summary", {}, t("assumptions.levers")), levers), h("details", {}, h("summary", {}, t("assumptions.all")), table)));
  return { node, update: (what) => { if (what === "room") draft = copyOf(values()); refresh(); } };
}
