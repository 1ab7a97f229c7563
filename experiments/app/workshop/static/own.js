// Our own measure: a name, a group, one lever with a range, a price; stamped "assumed by the room".
import { h, newId } from "./dom.js";
import { exact, t } from "./i18n.js";
import { named } from "./measures.js";
import { change, ownOf, state } from "./store.js";

const IDS = ["own_1", "own_2", "own_3"];
const KINDS = ["jobseeker", "worker", "employer", "coordination"];
const MOST_PLACES = 10000;
const PRICE = { jobseeker: "own.price_person", worker: "own.price_person", employer: "own.price_workplace", coordination: "own.price_place" };

/** The form; `rebuild` draws the controls anew once a measure came, changed or went. */
export function ownCard() {
  let editing = null; // the id that the form changes, or null for a new one
  const field = (label, control, extra = null) => h("div", { class: "field" }, h("label", { for: control.id }, label), control, extra);
  const option = (value, label) => h("option", { value }, label);
  const nameBox = h("input", { id: newId("own"), maxlength: 60, autocomplete: "off" });
  const kindBox = h("select", { id: newId("own"), onchange: () => { levers(); numbers(); } }, KINDS.map((kind) => option(kind, t(`kind.${kind}`))));
  const leverBox = h("select", { id: newId("own"), onchange: () => numbers() });
  const sizes = Object.fromEntries(["low", "assumed", "top"].map((key) => [key, h("input", { type: "number", id: newId("own"), step: "any", inputmode: "decimal" })]));
  const span = h("p", { class: "note" });
  const placesBox = h("input", { type: "number", id: newId("own"), min: 1, max: MOST_PLACES, step: 1, value: 100, inputmode: "numeric" });
  const placesField = field("", placesBox);
  const priceBox = h("input", { type: "number", id: newId("own"), min: 0, step: "any", inputmode: "decimal" });
  const priceField = field("", priceBox);
  const partnerBox = h("select", { id: newId("own") }, state.place.partners.map((one) => option(one.kind, named(one.names).textContent)));
  const said = h("p", { class: "wrong", role: "alert" });
  const add = h("button", { type: "submit", class: "main" }, t("own.add"));
  const list = h("div", { class: "own-list" });
  const chosen = () => state.place.own_levers[kindBox.value].find((one) => one.lever === leverBox.value);

  function levers() {
    leverBox.replaceChildren(...state.place.own_levers[kindBox.value].map((one) => option(one.lever, t(`lever.${one.lever}`))));
    placesField.hidden = kindBox.value === "coordination";
    placesField.firstChild.textContent = t(kindBox.value === "employer" ? "own.workplaces" : "own.people");
    priceField.firstChild.textContent = t(PRICE[kindBox.value]);
  }
  /** A range to start from: nothing, half of the strongest stated, the strongest stated. */
  function numbers() {
    const { low, high } = chosen();
    const strongest = Math.abs(low) > Math.abs(high) ? low : high;
    sizes.low.value = 0;
    sizes.assumed.value = Number((strongest / 2).toPrecision(2));
    sizes.top.value = strongest;
    hint();
  }
  function hint() {
    const { low, high, unit } = chosen();
    span.replaceChildren(t("own.span", { strongest: exact(Math.abs(low) > Math.abs(high) ? low : high) }), " (", h("span", { lang: "en" }, unit), ")");
  }

  function read() {
    const { low, high } = chosen();
    const given = { name: nameBox.value.trim(), kind: kindBox.value, lever: leverBox.value, partner: partnerBox.value };
    if (!given.name) return [null, t("own.nameless"), nameBox];
    for (const key of ["low", "assumed", "top"]) {
      given[key] = Number(sizes[key].value);
      if (sizes[key].value === "" || !(given[key] >= low && given[key] <= high)) return [null, t("own.outside", { low: exact(low), high: exact(high) }), sizes[key]];
    }
    if (given.assumed < Math.min(given.low, given.top) || given.assumed > Math.max(given.low, given.top)) return [null, t("own.order"), sizes.assumed];
    given.places = kindBox.value === "coordination" ? 1 : Number(placesBox.value);
    if (!Number.isInteger(given.places) || given.places < 1 || given.places > MOST_PLACES) return [null, t("own.whole", { most: MOST_PLACES }), placesBox];
    if (priceBox.value !== "") {
      given.price = Number(priceBox.value);
      if (!(given.price >= 0 && given.price <= 1e6)) return [null, t("own.whole", { most: MOST_PLACES }), priceBox];
    }
    return [given, "", null];
  }

  function submit(event) {
    event.preventDefault();
    const [given, wrong, where] = read();
    const free = editing || IDS.find((id) => !ownOf()[id]);
    said.textContent = wrong || (free ? "" : t("own.full"));
    if (where) where.focus();
    if (!given || !free) return;
    change((setting) => {
      setting.own = { ...ownOf(setting), [free]: given };
      setting.measures[free] = setting.measures[free] || { dose: 1, strength: "assumed", start: 0 };
    });
    fresh();
  }

  function fresh() {
    editing = null;
    nameBox.value = "";
    priceBox.value = "";
    add.textContent = t("own.add");
    said.textContent = "";
    refresh();
  }

  function edit(id) {
    const own = ownOf()[id];
    editing = id;
    nameBox.value = own.name;
    kindBox.value = own.kind;
    levers();
    leverBox.value = own.lever;
    hint();
    for (const key of ["low", "assumed", "top"]) sizes[key].value = own[key];
    placesBox.value = own.places;
    priceBox.value = own.price ?? "";
    partnerBox.value = own.partner;
    add.textContent = t("own.save");
    nameBox.focus();
  }

  function remove(id) {
    change((setting) => { delete setting.own[id]; delete setting.measures[id]; });
    fresh();
  }

  const form = h("form", { class: "own-form", onsubmit: submit, novalidate: true },
    field(t("own.name"), nameBox), field(t("own.group"), kindBox), field(t("own.lever"), leverBox), span,
    h("div", { class: "own-range" }, ["low", "assumed", "top"].map((key) => field(t(`own.${key}`), sizes[key]))),
    placesField, priceField, field(t("own.partner"), partnerBox), said, h("div", { class: "tools" }, add));
  const count = h("span", { class: "count" });
  const node = h("details", { class: "group own", dataset: { kind: "own" } }, h("summary", {}, h("h3", {}, t("own.title")), count),
    h("p", { class: "note" }, t("own.note")), list, form, h("p", { class: "note" }, t("own.stand_ins")));

  function refresh() {
    const all = Object.entries(ownOf());
    count.textContent = all.length ? t("group.on", { n: all.filter(([id]) => state.setting.measures[id]?.dose > 0).length }) : t("own.none");
    list.replaceChildren(...all.map(([id, own]) => h("div", { class: "own-item", dataset: { own: id } }, h("strong", {}, own.name), " ", h("span", { class: "stamp" }, t("own.stamp")),
      h("div", { class: "tools" }, h("button", { type: "button", "aria-label": `${t("own.change")}: ${own.name}`, onclick: () => edit(id) }, t("own.change")),
        h("button", { type: "button", "aria-label": `${t("own.remove")}: ${own.name}`, onclick: () => remove(id) }, t("own.remove"))))));
    if (editing && !ownOf()[editing]) fresh();
  }
  levers();
  numbers();
  refresh();
  return { node, refresh };
}
