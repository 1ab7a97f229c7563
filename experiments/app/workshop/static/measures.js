// The left side of Explore: measures in groups with named levels, and the partners.
import { h, newId } from "./dom.js";
import { exact as figure, money, name, number, percent, t } from "./i18n.js";
import { computed, data } from "./exported.js";
import { ownCard } from "./own.js";
import { tellRoom } from "./socket.js";
import { change, copyOf, isLocked, letGo, lockedIn, measureOf, ownOf, setOf, state, tidy, todayOf } from "./store.js";

const KINDS = ["jobseeker", "worker", "employer", "coordination"];
const STRENGTHS = ["none", "assumed", "top"];

/** A name; where it is not translated, the English one with a visible mark. */
export function named(names) {
  const { text, foreign } = name(names);
  return foreign
    ? h("span", {}, h("span", { lang: "en" }, text), " ", h("abbr", { class: "foreign", title: t("words.untranslated") }, "EN"))
    : h("span", {}, text);
}

/** People or workplaces a year that a dose plans for. */
export function planned(measure, dose) {
  if (!measure.capacity) return 0;
  return dose * measure.capacity.value * (measure.recruits === "person" ? 12 : 1);
}

/** What a dose costs in a year, or null where no price is known. */
export function cost(measure, dose) {
  if (!measure.price && !measure.fixed) return null;
  const fixed = measure.fixed && dose > 0 ? measure.fixed.value : 0;
  const each = measure.price ? priced(measure, dose) : 0;
  return each === null ? null : fixed + each;
}

function priced(measure, dose) {
  const people = planned(measure, dose);
  const { value, unit } = measure.price;
  if (unit === "EUR per participant" || unit === "EUR per workplace") return value * people;
  if (unit === "EUR per participant and month") return measure.months ? value * people * measure.months : null;
  if (unit === "EUR per event") return measure.takes ? (value * people) / measure.takes.size : null;
  if (unit === "EUR per year") return dose > 0 ? value : 0;
  return null;
}

/** One line: people a year, what it takes, money. */
function plan(measure, dose) {
  if (!(dose > 0)) return t("plan.off");
  if (measure.moves_nothing) return t("plan.nothing");
  if (!measure.capacity) return t("plan.place", { share: percent(dose) });
  const n = Math.round(planned(measure, dose));
  const parts = [t(measure.recruits === "person" ? "plan.people" : "plan.workplaces", { n })];
  if (measure.takes) parts.push(t(`plan.${measure.takes.unit}`, { n: Math.max(1, Math.round(n / measure.takes.size)), size: number(measure.takes.size) }));
  const euro = cost(measure, dose);
  parts.push(euro === null ? t("plan.no_price") : t("plan.money", { money: money(euro) }));
  return parts.join(" · ");
}

function radios(legend, options, current, pick, merge) {
  const group = newId("choice");
  const inputs = new Map();
  const set = h("fieldset", { class: "levels" }, h("legend", { class: "hidden" }, legend),
    options.map(([key, label]) => {
      const input = h("input", { type: "radio", name: group, id: `${group}-${key}`, value: key, onchange: () => pick(key, merge) });
      inputs.set(key, input);
      return [input, h("label", { for: `${group}-${key}` }, label)];
    }));
  const show = (key) => { for (const [other, input] of inputs) input.checked = other === key; };
  // in the page as one file, only what was computed can be pressed
  const allow = (may) => { for (const [key, input] of inputs) input.disabled = !input.checked && !may(key); };
  show(current);
  return { node: set, show, allow };
}

function row(measure, refreshers) {
  const levels = state.place.levels;
  const nameOf = name(measure.names).text;
  const edit = (what, merge = "") => change((setting) => {
    const one = setOf(measure.id, setting);
    what(one);
    setting.measures[measure.id] = one;
  }, merge);
  const levelOf = (dose) => Object.keys(levels).find((key) => Math.abs(levels[key] - dose) < 1e-9) || "";
  const level = radios(t("level.of", { name: nameOf }), Object.keys(levels).map((key) => [key, t(`dose.${key}`)]), levelOf(setOf(measure.id).dose),
    (key) => edit((one) => { one.dose = levels[key]; }));
  const line = h("p", { class: "plan" });
  const exact = h("input", { type: "range", min: 0, max: 100, step: 5, id: newId("exact"),
    oninput: (event) => edit((one) => { one.dose = Number(event.target.value) / 100; }, `dose ${measure.id}`), onchange: letGo });
  const exactShown = h("output", { for: exact.id });
  const start = h("select", { id: newId("start"), onchange: (event) => edit((one) => { one.start = Number(event.target.value); }) },
    Array.from({ length: 13 }, (_, month) => h("option", { value: month }, month === 0 ? t("start.now") : t("start.later", { n: month }))));
  let strength = null;
  let strengthBox = null;
  if (measure.untested) {
    strength = radios(t("strength.of", { name: nameOf }), STRENGTHS.map((key) => [key, t(`strength.${key}`)]), setOf(measure.id).strength,
      (key) => edit((one) => { one.strength = key; }));
    strengthBox = h("div", { class: "strength" }, h("span", { class: "strength-label" }, t(measure.published ? "strength.part" : "strength.question")),
      strength.node, measure.own ? null : h("span", { class: "stamp" }, t("strength.stamp")));
  }
  // the facilitator locks a measure as it is set now
  const lock = state.hello.facilitator && !data && !measure.own ? h("input", { type: "checkbox", id: newId("lock"), onchange: (event) => lockMeasures([measure.id], event.target.checked) }) : null;
  const lockedStamp = h("span", { class: "stamp runs" }, t("room.locked"));
  const more = h("details", { class: "more" }, h("summary", {}, t("measure.more")),
    h("div", { class: "field" }, h("label", { for: exact.id }, t("measure.exact")), exact, exactShown),
    measure.today ? null : h("div", { class: "field" }, h("label", { for: start.id }, t("measure.start")), start),
    lock ? h("div", { class: "field" }, lock, h("label", { for: lock.id }, t("room.lock"))) : null,
    measure.today ? h("p", {}, t("measure.stays"), " ", measure.today.volume === "unknown" ? t("measure.volume", { grade: measure.today.grade }) : null, " ", h("span", { lang: "en" }, measure.today.source || "")) : null,
    measure.own ? measure.levers.map((lever) => h("p", {}, t("own.says", { lever: t(`lever.${lever.lever}`), low: figure(lever.low), assumed: figure(lever.assumed), top: figure(lever.high) }))) : h("p", { lang: "en" }, measure.summary),
    measure.capacity && !measure.own ? h("p", {}, t("measure.capacity", { low: number(planned({ ...measure, capacity: { value: measure.capacity.low } }, 1)), high: number(planned({ ...measure, capacity: { value: measure.capacity.high } }, 1)), grade: measure.capacity.grade })) : null,
    measure.own ? null : measure.levers.map((lever) => h("p", { class: "lever" }, t(`lever.${lever.lever}`), ": ",
      t(lever.published ? "lever.published" : "lever.untested", { grade: lever.grade }), " ", h("span", { lang: "en" }, lever.reason))));
  const node = h("div", { class: "measure", dataset: { measure: measure.id } },
    h("h4", {}, named(measure.names), measure.own ? h("span", { class: "stamp" }, t("own.stamp")) : null, lockedStamp, measure.today ? h("span", { class: "stamp runs" }, t("measure.today", { share: percent(measure.today.dose) })) : null, measure.hypothetical ? h("span", { class: "stamp", title: measure.hypothetical_reason || "" }, t("measure.hypothetical")) : null,
      measure.moves_nothing ? h("span", { class: "stamp" }, t("measure.nothing")) : null),
    level.node, line, strengthBox, more);
  refreshers.push(() => {
    const one = setOf(measure.id);
    const fixed = isLocked(measure.id);
    lockedStamp.hidden = !(measure.id in lockedIn());
    if (lock) lock.checked = measure.id in lockedIn();
    exact.disabled = start.disabled = fixed;
    level.show(levelOf(one.dose));
    level.allow((key) => !fixed && computed(having((setting) => { setting.measures[measure.id] = { ...one, dose: levels[key] }; })));
    if (strength) strength.allow((key) => !fixed && computed(having((setting) => { setting.measures[measure.id] = { ...one, strength: key }; })));
    line.textContent = plan(measure, one.dose);
    if (document.activeElement !== exact) exact.value = Math.round(one.dose * 100);
    exactShown.textContent = percent(one.dose);
    start.value = String(one.start || 0);
    if (strength) { strength.show(one.strength || "assumed"); strengthBox.hidden = !(one.dose > 0); }
    node.classList.toggle("on", measure.id in state.setting.measures);
  });
  return node;
}

/** Lock measures for everybody else as they are set now, or let them go. */
export function lockMeasures(ids, on) {
  const measures = { ...lockedIn() };
  for (const id of ids) if (on) { const one = setOf(id); measures[id] = { dose: one.dose, strength: one.strength || "assumed", start: one.start || 0 }; } else delete measures[id];
  tellRoom({ type: "lead", what: "lock", setting: Object.keys(measures).length ? { site: state.setting.site, closure: "R", measures, partners: {}, parameters: {} } : null });
}

/** The present setting with one change. */
function having(edit) {
  const setting = copyOf(state.setting);
  edit(setting);
  tidy(setting);
  return setting;
}

function partnerRow(partner, refreshers) {
  const box = h("input", { type: "checkbox", role: "switch", id: newId("partner"),
    onchange: (event) => change((setting) => { setting.partners[partner.kind] = { ...(setting.partners[partner.kind] || {}), takes_part: event.target.checked }; }) });
  const slider = h("input", { type: "range", min: 0, max: 100, step: 5, id: newId("capacity"),
    oninput: (event) => change((setting) => { setting.partners[partner.kind] = { ...(setting.partners[partner.kind] || {}), capacity: Number(event.target.value) / 100 }; }, `capacity ${partner.kind}`), onchange: letGo });
  const shown = h("output", { for: slider.id });
  const field = h("div", { class: "field" }, h("label", { for: slider.id }, t("partner.capacity")), slider, shown);
  const node = h("div", { class: "measure partner", dataset: { partner: partner.kind } },
    h("div", { class: "switch" }, box, h("label", { for: box.id }, named(partner.names))), field);
  refreshers.push(() => {
    const one = state.setting.partners[partner.kind] || {};
    const capacity = one.capacity ?? partner.capacity.value;
    box.checked = one.takes_part !== false;
    box.disabled = !computed(having((setting) => { setting.partners[partner.kind] = { ...one, takes_part: one.takes_part === false }; }));
    if (document.activeElement !== slider) slider.value = Math.round(capacity * 100);
    shown.textContent = percent(capacity);
    field.hidden = one.takes_part === false;
    node.classList.toggle("on", one.takes_part !== false);
  });
  return node;
}

/** Build all controls; returns the node and a function that shows the present setting. */
export function controls() {
  const refreshers = [];
  const groups = KINDS.map((kind) => {
    const all = [...Object.keys(ownOf()).map((id) => measureOf(id)), ...state.place.measures].filter((measure) => measure.kind === kind);
    const first = [...all.filter((measure) => measure.tried_here), ...all.filter((measure) => measure.today && !measure.tried_here)];
    const other = all.filter((measure) => !measure.tried_here && !measure.today);
    const count = h("span", { class: "count" });
    refreshers.push(() => {
      const n = all.filter((measure) => setOf(measure.id).dose > 0).length;
      count.textContent = n ? t("group.on", { n }) : t("group.off");
    });
    const used = other.some((measure) => measure.id in state.setting.measures);
    return h("details", { class: "group", open: first.length > 0 || used, dataset: { kind } },
      h("summary", {}, h("h3", {}, t(`kind.${kind}`)), count),
      first.map((measure) => row(measure, refreshers)),
      other.length ? h("details", { class: "others", open: used || !first.length }, h("summary", {}, t("group.others", { n: other.length })),
        other.map((measure) => row(measure, refreshers))) : null);
  });
  const count = h("span", { class: "count" });
  refreshers.push(() => {
    const off = state.place.partners.filter((partner) => (state.setting.partners[partner.kind] || {}).takes_part === false).length;
    count.textContent = t("group.partners", { n: state.place.partners.length - off });
  });
  groups.push(h("details", { class: "group", dataset: { kind: "partners" } },
    h("summary", {}, h("h3", {}, t("kind.partners")), count),
    h("p", { class: "note" }, t("partner.note")),
    state.place.partners.map((partner) => partnerRow(partner, refreshers))));
  if (!data) {
    const own = ownCard();
    refreshers.push(own.refresh);
    groups.push(own.node);
  }
  const refresh = () => { for (const one of refreshers) one(); };
  refresh();
  return { node: h("div", { class: "groups" }, groups), refresh };
}

/** What a setting takes more than today: planned people, workplaces, known money, unpriced. */
export function totals(setting = state.setting) {
  const sum = { people: 0, workplaces: 0, money: 0, unpriced: 0, on: 0 };
  for (const [id, one] of Object.entries(setting.measures)) {
    const measure = measureOf(id, setting);
    if (!measure) continue;
    const now = todayOf(id);
    sum.on += 1;
    const more = planned(measure, one.dose) - planned(measure, now);
    if (measure.recruits === "person") sum.people += more;
    else if (measure.recruits === "workplace") sum.workplaces += more;
    if (measure.moves_nothing) continue;
    const euro = cost(measure, one.dose);
    if (euro === null) sum.unpriced += 1; else sum.money += euro - cost(measure, now);
  }
  return sum;
}
