// What the page is set to, and the newest results. All of it lives here, so that a lost
// connection loses nothing: the page sends its state again.

export const VERSION = 1;
const MOST_UNDO = 50;

export const state = {
  setting: { site: "", closure: "R", measures: {}, partners: {}, parameters: {}, own: {} },
  place: null, // what the server says of the place
  hello: null,
  room: null,
  screen: "welcome",
  view: "change", // of the staircase: "change" or "all"
  outcome: "at_work",
  result: null, // newest result of the setting
  pending: false, // the newest result belongs to an older setting
  online: false,
  old: null, // the town with the numbers of the files, while the room's are in force
  eligible: null, // who could take part, by measure
  essential: null, // losses without each partner and measure, as they come
  workplace: null, // what was told of a workplace, as it comes
  decade: null, // ten years of the mix, as they come
  agreed: "", // what the room agreed, for the record
  pins: [], // {name, setting, result}
  name: "",
  warnings: [],
};

const listeners = new Set();
const past = [];

export function listen(listener) { listeners.add(listener); }

/** Tell everybody what changed: "setting", "result", "room", "screen", "online" or "all". */
export function tell(what) { for (const listener of [...listeners]) listener(what); }

const copy = (value) => JSON.parse(JSON.stringify(value));

/** Change the setting; `merge` joins the moves of one drag into one step of Undo. */
export function change(edit, merge = "") {
  const before = copy(state.setting);
  edit(state.setting);
  tidy(state.setting);
  if (JSON.stringify(before) === JSON.stringify(state.setting)) return;
  const top = past[past.length - 1];
  if (!(merge && top && top.merge === merge)) past.push({ setting: before, merge });
  if (past.length > MOST_UNDO) past.shift();
  state.pending = true;
  tell("setting");
}

/** The room's own measures of a setting, by id. */
export const ownOf = (setting = state.setting) => setting.own || {};

/** A measure by id: of the place, or the room's own. */
export function measureOf(id, setting = state.setting) {
  const found = state.place ? state.place.measures.find((one) => one.id === id) : null;
  return found || (ownOf(setting)[id] ? ownMeasure(id, ownOf(setting)[id]) : null);
}

const LANGUAGES = ["en", "fi", "sv", "nl", "pt", "bg"];
const PRICED = { person: "EUR per participant", workplace: "EUR per workplace", place: "EUR per year" };

/** What the page needs to know of a measure of the room, in the form of the others. */
function ownMeasure(id, own) {
  const recruits = { jobseeker: "person", worker: "person", employer: "workplace", coordination: "place" }[own.kind];
  const places = recruits === "person" ? own.places / 12 : own.places;
  return {
    id, kind: own.kind, own: true, recruits, summary: "", tried_here: true, hypothetical: false, today: null,
    names: Object.fromEntries(LANGUAGES.map((code) => [code, own.name])),
    capacity: recruits === "place" ? null : { value: places, low: places, high: places, grade: "D" },
    months: recruits === "person" ? 1 : 12, takes: null, fixed: null,
    price: own.price === undefined || own.price === null ? null : { value: own.price, unit: PRICED[recruits] },
    published: false, untested: true, moves_nothing: false, delivered_by: { [own.partner]: 1 }, referred_by: [own.partner], grade: "D",
    levers: [{ lever: own.lever, published: false, assumed: own.assumed, low: own.low, high: own.top, grade: "D" }],
  };
}

/** What the town without the mix has of a measure: a share of its places, or none. */
export const todayOf = (id) => measureOf(id)?.today?.dose ?? 0;

/** What a setting says of a measure; one that it does not name stays as it is today. */
export const setOf = (id, setting = state.setting) => setting.measures[id] || { dose: todayOf(id), strength: "assumed", start: 0 };

/** Whether a setting leaves the town as it is. */
export const changesNothing = (setting = state.setting) => !Object.keys(setting.measures).length && !Object.keys(setting.partners || {}).length;

/** What the facilitator has locked in this place: settings by id. */
export const lockedIn = (setting = state.setting) => (state.room?.locked && state.room.locked.site === setting.site ? state.room.locked.measures : {});

/** Whether this page may not move a measure. */
export const isLocked = (id) => Boolean(state.hello && !state.hello.facilitator && id in lockedIn());

export function tidy(setting) {
  if (state.hello && !state.hello.facilitator) for (const [id, one] of Object.entries(lockedIn(setting))) setting.measures[id] = copy(one);
  // what is as today is not part of the mix; a service of today at none is taken away
  for (const [id, one] of Object.entries(setting.measures)) {
    const as_today = Math.abs(one.dose - todayOf(id)) < 1e-9 && (!(one.dose > 0) || (measureOf(id)?.today && one.strength === "assumed"));
    if (as_today) delete setting.measures[id];
  }
  for (const [kind, one] of Object.entries(setting.partners)) {
    if (one.takes_part !== false && (one.capacity === undefined || one.capacity === null)) delete setting.partners[kind];
  }
}

/** The slider was let go: the next move is a step of its own. */
export function letGo() { if (past.length) past[past.length - 1].merge = ""; }

export const canUndo = () => past.length > 0;

export function undo() {
  const step = past.pop();
  if (!step) return;
  state.setting = step.setting;
  tidy(state.setting);
  state.pending = true;
  tell("setting");
}

export const forget = () => { past.length = 0; };

/** The setting as the server wants it. */
export function asked(setting = state.setting) {
  const measures = {};
  for (const [id, one] of Object.entries(setting.measures)) {
    measures[id] = { dose: one.dose, strength: one.strength || "assumed", start: one.start || 0 };
  }
  const partners = {};
  for (const [kind, one] of Object.entries(setting.partners || {})) {
    partners[kind] = { takes_part: one.takes_part !== false };
    if (one.capacity !== undefined && one.capacity !== null) partners[kind].capacity = one.capacity;
  }
  const own = Object.fromEntries(Object.entries(ownOf(setting)).filter(([id]) => measures[id]));
  const all = { site: setting.site, closure: setting.closure, measures, partners, parameters: { ...(setting.parameters || {}) } };
  return Object.keys(own).length ? { ...all, own } : all;
}

export const copyOf = copy;

// ---- the address: everything that decides a result stands in the fragment

export function toLink(setting = state.setting, lang = "") {
  const round = (x) => String(Math.round(x * 1000) / 1000);
  const m = Object.entries(setting.measures).map(([id, one]) =>
    [id, round(one.dose), one.strength && one.strength !== "assumed" ? one.strength : "", one.start || ""].join(":").replace(/:+$/, ""));
  const p = Object.entries(setting.partners || {}).map(([kind, one]) =>
    `${kind}:${one.takes_part === false ? "off" : round(one.capacity)}`);
  const a = Object.entries(setting.parameters || {}).map(([id, value]) => `${id}:${round(value)}`);
  const o = Object.entries(ownOf(setting)).map(([id, one]) =>
    [id, one.kind, one.lever, one.low, one.assumed, one.top, one.places, one.price ?? "", one.partner, encodeURIComponent(one.name)].join(":"));
  const parts = [["v", VERSION], ["site", setting.site], ["m", m.join(",")]];
  if (o.length) parts.push(["o", o.join(",")]);
  if (p.length) parts.push(["p", p.join(",")]);
  if (a.length) parts.push(["a", a.join(",")]);
  if (setting.closure !== "R") parts.push(["c", setting.closure]);
  if (state.hello) parts.push(["seed", state.hello.seed]);
  if (lang) parts.push(["lang", lang]);
  return "#" + parts.map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll("%3A", ":").replaceAll("%2C", ",")}`).join("&");
}

/** One own measure of a fragment, or null where anything about it is wrong. */
function ownFrom(item, place) {
  const [id, kind, lever, low, assumed, top, places, price, partner, coded] = item.split(":");
  const span = (place.own_levers[kind] || []).find((one) => one.lever === lever);
  const sizes = [low, assumed, top].map((text) => (text ? Number(text) : NaN));
  let named = "";
  try { named = decodeURIComponent(coded || "").trim(); } catch { return [id, null]; }
  const good = /^own_[123]$/.test(id) && span && sizes.every((x) => x >= span.low && x <= span.high)
    && (sizes[1] - sizes[0]) * (sizes[1] - sizes[2]) <= 0 && /^[0-9]{1,5}$/.test(places || "") && Number(places) >= 1
    && (price === "" || (Number(price) >= 0 && Number(price) <= 1e6)) && place.partners.some((one) => one.kind === partner)
    && named && named.length <= 60 && !/[\p{Cc}\u2028\u2029]/u.test(named);
  if (!good) return [id, null];
  return [id, { name: named, kind, lever, low: sizes[0], assumed: sizes[1], top: sizes[2], places: Number(places), ...(price === "" ? {} : { price: Number(price) }), partner }];
}

/** Read a fragment; what it holds and nobody knows comes back as warnings. */
export function fromLink(fragment, place) {
  const found = { setting: null, lang: null, warnings: [] };
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  // an address that names a place alone opens with the place's mix
  if (!["m", "p", "a", "c", "o"].some((key) => given.has(key))) { found.lang = given.get("lang"); return found; }
  const setting = { site: given.get("site") || place.id, closure: "R", measures: {}, partners: {}, parameters: {}, own: {} };
  const warn = (text) => found.warnings.push(String(text).slice(0, 80));
  const share = (text) => { const x = Number(text); return text !== "" && Number.isFinite(x) && x >= 0 && x <= 1 ? x : null; };
  // own measures first: the mix names them
  for (const item of (given.get("o") || "").split(",").filter(Boolean).slice(0, 10)) {
    const [id, own] = ownFrom(item, place);
    if (own && Object.keys(setting.own).length < 3) setting.own[id] = own; else warn(item);
  }
  for (const [key, value] of given) {
    const items = value.split(",").filter(Boolean);
    if (key === "m") {
      for (const item of items.slice(0, 60)) {
        const [id, dose, strength, start] = item.split(":");
        const measure = place.measures.find((one) => one.id === id) || setting.own[id];
        const month = start ? Number(start) : 0;
        const good = measure && share(dose ?? "") !== null && ["none", "assumed", "top", "", undefined].includes(strength)
          && Number.isInteger(month) && month >= 0 && month <= (measure.today ? 0 : 12);
        if (!good) { warn(item); continue; }
        setting.measures[id] = { dose: share(dose), strength: strength || "assumed", start: month };
      }
    } else if (key === "p") {
      for (const item of items.slice(0, 20)) {
        const [kind, value2] = item.split(":");
        const known = place.partners.some((one) => one.kind === kind);
        if (known && value2 === "off") setting.partners[kind] = { takes_part: false };
        else if (known && share(value2 ?? "") !== null) setting.partners[kind] = { takes_part: true, capacity: share(value2) };
        else warn(item);
      }
    } else if (key === "a") {
      for (const item of items.slice(0, 40)) {
        const [id, text] = item.split(":");
        const number = Number(text);
        const known = place.parameters.find((one) => one.id === id);
        if (known && place.disputed.includes(id) && number >= known.low && number <= known.high) setting.parameters[id] = number;
        else warn(item);
      }
    } else if (key === "c") { if (["R", "E"].includes(value)) setting.closure = value; else warn(`c=${value}`); }
    else if (key === "lang") found.lang = value;
    else if (key === "seed") { if (state.hello && value !== String(state.hello.seed)) warn(`seed=${value}`); }
    else if (key === "v") { if (value !== String(VERSION)) warn(`v=${value}`); }
    else if (!["site", "s", "o"].includes(key)) warn(`${key}=${value}`);
  }
  tidy(setting);
  found.setting = setting;
  return found;
}
