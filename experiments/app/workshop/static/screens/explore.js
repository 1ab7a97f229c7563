// Explore: move measures on the left, see what the mix changes on the right.
import { below, h, newId } from "../dom.js";
import { alsoIn, between, digits, name, number, secondLanguage, t } from "../i18n.js";
import { band, difference, drawMonths, monthsTable, resetScales, steady, strip, verdict } from "../figures.js";
import { data, hasChains, hasDecade, hasLosses, settings } from "../exported.js";
import { controls } from "../measures.js";
import { askEligible, purse } from "../purse.js";
import { bandsOf, draw, scaleOf, table } from "../staircase.js";
import { request } from "../socket.js";
import { storyOf } from "../story.js";
import { decadeCard } from "../decade.js";
import { essentialCard } from "../essential.js";
import { canUndo, change, asked, changesNothing, copyOf, measureOf, ownOf, state, tell, undo } from "../store.js";

export const TILES = ["net", "got_target", "additional", "at_work"];
export const SIDES = ["target_jobseekers", "other_jobseekers", "other_residents", "living_elsewhere", "everybody"];
export const OUTCOMES = ["at_work", "entry", "promotions", "progress", "jobs", "everybody"];

/** Where a result comes from, in words. */
export function stageText(result) {
  if (!result) return t("stage.none");
  if (result.stage === "absent") return t("stage.absent");
  if (result.stage === "held") return t("stage.held");
  if (result.stage === "failed") return t("stage.failed");
  const { pairs, dates } = result.main;
  if (result.stage === "look") return t("stage.look", { n: pairs });
  if (dates === 1) return t("stage.pairs", { n: pairs });
  return t(result.finished ? "stage.finished" : "stage.refined", { n: pairs, dates: number(dates) });
}

/** The sentence over everything: per 100 people served, at work in the third year. */
export function sentence(result, key = "sentence") {
  if (result && result.stage === "absent") return t("stage.absent");
  if (!result || !result.main) return t("sentence.none");
  const rows = result.main.rows;
  if (changesNothing() && !rows.everybody.mean) return t("sentence.nobody");
  const nothing = Object.values(rows).every((row) => !row || row.reference === null || (row.mean === 0 && row.low === 0 && row.high === 0));
  if (nothing && result.stage !== "look") return t("sentence.nothing");
  // a mix that serves nobody, one that takes services away for instance, is told in people
  const served = rows.served && rows.served.mean > 0;
  const row = served ? rows.per_100 : result.main.months >= 36 ? rows.at_work : null;
  if (!row) return t("sentence.early");
  if (!served) key = "people";
  const n = row.low === null ? digits(row.mean) : digits((row.high - row.low) / 2);
  return t(`${key}.${verdict(row)}`, { mean: number(Math.abs(row.mean), n), low: number(row.low, n, true), high: number(row.high, n, true) });
}

const places = (result) => (result && result.main ? result.main.months : 48);

/** That a large place is answered from a smaller world; null where it is simulated whole. */
export const scaleText = () => (state.place.scale > 1 ? t("scale.note", { scale: number(state.place.scale) }) : null);

/** While the room's values are in force: the reference with the numbers of the files, on the same chances. */
function oldRow(id, main, decimals) {
  const same = state.old && !state.pending && Object.keys(state.setting.parameters || {}).length && ["months", "pairs", "dates"].every((key) => state.old.main[key] === main[key]);
  const old = same ? state.old.main.rows[id] : null;
  return old ? [h("dt", { class: "old" }, t("words.old_reference")), h("dd", { class: "old" }, number(old.reference, decimals))] : null;
}

/** One tile: verdict, difference with band, mix and reference. */
export function tile(id, result, scaleName = id) {
  const row = result && result.main ? result.main.rows[id] : null;
  const months = places(result);
  const title = () => t(id === "at_work" ? (months < 36 ? "tile.at_work_second" : "tile.at_work") : `tile.${id}`);
  const label = [title(), below(alsoIn(title), secondLanguage())];
  if (!row) return h("article", { class: "tile", dataset: { tile: id } }, h("h3", {}, label), h("p", { class: "verdict" }, "…"));
  const kind = verdict(row);
  const decimals = id === "at_work" ? 1 : 0;
  return h("article", { class: `tile ${kind}`, dataset: { tile: id, verdict: kind, mean: row.mean, low: row.low ?? "", high: row.high ?? "" } },
    h("h3", {}, label),
    h("p", { class: "verdict" }, t(`verdict.${kind}`), below(alsoIn(() => t(`verdict.${kind}`)), secondLanguage())),
    h("p", { class: "difference" }, difference(row)),
    h("p", { class: "interval" }, row.low === null ? t("band.open") : t("tile.interval", { band: band(row) })),
    strip(row, steady(scaleName, row), 220, 22),
    h("dl", { class: "both" }, h("dt", {}, t("words.mix")), h("dd", {}, number(row.reference + row.mean, decimals)),
      h("dt", {}, t("words.reference")), h("dd", {}, number(row.reference, decimals)), oldRow(id, result.main, decimals)));
}

function aside(result) {
  const lines = [];
  const say = (key, rows) => {
    const row = rows.per_100;
    if (!row) return;
    const n = digits((row.high - row.low) / 2);
    lines.push(h("li", {}, t(key), " ", h("strong", {}, t(`aside.${verdict(row)}`, { mean: number(row.mean, n, true), band: between(row.low, row.high) }))));
  };
  const other = result.aside || {};
  if (other.untested_none) say("aside.untested_none", other.untested_none.rows);
  if (other.other_closure) say(state.setting.closure === "R" ? "aside.closure_E" : "aside.closure_R", other.other_closure.rows);
  if (!lines.length && !result.finished && result.stage !== "look") lines.push(h("li", { class: "waiting" }, t("aside.waiting")));
  return lines.length ? h("ul", { class: "aside" }, lines) : null;
}

function who(result) {
  const rows = result.main.rows;
  const scale = steady("who", { low: Math.min(...SIDES.map((id) => rows[id].low ?? rows[id].mean)), high: Math.max(...SIDES.map((id) => rows[id].high ?? rows[id].mean)), mean: 0 });
  const served = rows.served.mean;
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("who.title") }, h("table", { class: "who" },
    h("caption", { class: "hidden" }, t("who.title")),
    h("thead", {}, h("tr", {}, ["who.group", "who.change", "who.picture", "who.per_100"].map((key) => h("th", { scope: "col" }, t(key))))),
    h("tbody", {}, SIDES.map((id) => {
      const row = rows[id];
      return h("tr", { class: id === "everybody" ? "sum" : "", dataset: { side: id, verdict: verdict(row) } },
        h("th", { scope: "row" }, t(`who.${id}`)),
        h("td", {}, difference(row), h("span", { class: "said" }, t(`verdict.${verdict(row)}`))),
        h("td", { class: "picture" }, strip(row, scale, 260, 22)),
        h("td", {}, served > 0 ? number((row.mean * 100) / served, 1, true) : "–"));
    }))));
}

/** The page as one file: the mixes that were computed, to choose from. */
function computedMixes() {
  const said = (setting) => {
    const parts = [...Object.entries(setting.measures || {}).map(([id, one]) => `${name(measureOf(id, setting).names).text} ${number(one.dose * 100, 0)} %`),
      ...Object.entries(setting.partners || {}).filter(([, one]) => one.takes_part === false).map(([kind]) => `− ${name(state.place.partners.find((p) => p.kind === kind).names).text}`)];
    return parts.join(" + ") || t("button.empty");
  };
  const choose = h("select", { id: newId("computed"), onchange: (event) => { const one = settings()[Number(event.target.value)]; if (one) change((setting) => { setting.measures = copyOf(one.measures || {}); setting.partners = copyOf(one.partners || {}); setting.closure = one.closure || "R"; }); } },
    h("option", { value: "" }, t("export.choose", { n: settings().length })), settings().map((one, at) => h("option", { value: at }, said(one))));
  return h("div", { class: "computed" }, h("p", { class: "note" }, t("export.note")), h("label", { for: choose.id, class: "hidden" }, t("export.choose", { n: settings().length })), choose);
}

/** Build the screen. Returns its node and what to do when something changed. */
export function explore(actions) {
  let left = controls();
  const bar = h("div", {});
  const headline = h("div", { class: "headline" });
  const spoken = h("p", { class: "hidden", role: "status" });
  const tiles = h("div", { class: "tiles" });
  const picture = h("div", { class: "picture-box" });
  const pictureTable = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("staircase.caption") });
  const whoBox = h("div", {});
  const monthsBox = h("div", { class: "months" });
  const monthsData = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("months.title") });
  const undoButton = h("button", { type: "button", onclick: undo }, t("button.undo"));
  const views = ["change", "all"].map((view) => h("button", { type: "button", dataset: { view }, onclick: () => { state.view = view; show(); } }, t(`staircase.view_${view}`)));
  const chosen = h("select", { id: newId("outcome"), onchange: (event) => { state.outcome = event.target.value; show(); } },
    OUTCOMES.map((id) => h("option", { value: id, selected: id === state.outcome }, t(`outcome.${id}`))));
  const disputed = () => Object.keys(state.setting.parameters || {}).length > 0;
  // both towns move with an assumption, so both are drawn then
  const both = h("input", { type: "checkbox", id: newId("both"), checked: disputed(), onchange: () => show() });
  const oldNote = h("p", { class: "note old-reference" });
  const closure = h("select", { id: newId("closure"), onchange: (event) => change((setting) => { setting.closure = event.target.value; }) },
    ["R", "E"].map((code) => h("option", { value: code }, t(`closure.${code}`))));
  const legend = h("p", { class: "legend" });
  const scaleNote = h("p", { class: "note" });
  const story = h("div", { class: "story", role: "status" });
  let turn = 0;  // an answer that comes after a change of the mix is of an older one
  let told = { rung: 0, side: "", band: "", which: 0 };
  /** Follow one chain through a band; again for another one. */
  async function follow(rung, side, band) {
    if (!hasChains(state.setting)) return;
    const again = told.rung === rung && told.side === side && told.band === band;
    told = { rung, side, band, which: again ? told.which + 1 : 0 };
    const mine = ++turn;
    story.replaceChildren(h("p", { class: "note" }, t("story.waiting")));
    try {
      const answer = await request({ type: "chain", setting: asked(), ...told });
      if (mine !== turn) return;
      story.replaceChildren(...storyOf(answer.found, { rung, side, band }, () => follow(rung, side, band)));
      story.scrollIntoView({ block: "nearest" });
    } catch { if (mine === turn) story.replaceChildren(); }
  }
  picture.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-band]");
    if (pressed) follow(Number(pressed.dataset.rung), pressed.dataset.side, pressed.dataset.band);
  });
  const needed = essentialCard();
  const hint = h("span", {}, t("story.hint"));
  const ten = decadeCard();
  let lastSpoken = null;
  const rest = [];
  const card = (...parts) => { const one = h("section", { class: "card" }, parts); rest.push(one); return one; };

  const tools = h("div", { class: "tools" }, undoButton,
    h("button", { type: "button", onclick: () => { resetScales(); change((setting) => { setting.measures = {}; setting.partners = {}; setting.own = {}; }); } }, t("button.empty")),
    h("button", { type: "button", onclick: () => { resetScales(); change((setting) => { const mix = state.place.mixes.find((one) => one.id === state.place.default_mix); setting.measures = copyOf(mix.measures); setting.partners = copyOf(mix.partners); }); } }, t("button.default")),
    h("button", { type: "button", class: "main", onclick: actions.pin }, t("button.pin")));

  const node = h("div", { class: "explore" }, h("h1", { class: "hidden" }, t("nav.explore")),
    h("section", { class: "left", "aria-label": t("explore.measures") }, h("h2", {}, t("explore.measures")), tools, data ? computedMixes() : null, bar, left.node,
      h("div", { class: "field closure" }, h("label", { for: closure.id }, t("closure.question")), closure, h("p", { class: "note" }, t("closure.note")))),
    h("div", { class: "right" },
      h("section", { class: "card answer", "aria-label": t("explore.results") }, headline, spoken),
      h("section", { class: "card sticky", "aria-label": t("tile.title") }, h("p", { class: "window" }, t("tile.window")), tiles),
      card(h("div", { class: "card-head" }, h("h2", {}, t("staircase.title")), h("div", { class: "switcher", role: "group", "aria-label": t("staircase.title") }, views)),
        h("p", { class: "note" }, t("staircase.note"), " ", hint), legend, picture, scaleNote, story,
        h("details", {}, h("summary", {}, t("button.table")), pictureTable)),
      card(h("h2", {}, t("who.title")), h("p", { class: "note" }, t("who.note")), whoBox),
      needed.node,
      card(h("div", { class: "card-head" }, h("h2", {}, t("months.title")),
        h("div", { class: "field" }, h("label", { for: chosen.id, class: "hidden" }, t("months.choose")), chosen),
        h("div", { class: "field" }, both, h("label", { for: both.id }, t("months.both")))),
        h("p", { class: "note" }, t("months.note")), monthsBox, oldNote, h("details", {}, h("summary", {}, t("button.table")), monthsData)),
      ten.node));

  const ownKey = () => JSON.stringify(ownOf());
  let drawn = ownKey();
  /** Show the present setting; a measure of the room that came or went needs its row. */
  function refreshLeft() {
    if (drawn === ownKey()) { left.refresh(); return; }
    drawn = ownKey();
    const open = [...left.node.querySelectorAll(":scope > details")].map((one) => one.open);
    const anew = controls();
    left.node.replaceWith(anew.node);
    left = anew;
    left.node.querySelectorAll(":scope > details").forEach((one, at) => { one.open = open[at]; });
    left.node.querySelector(".own > summary").focus({ preventScroll: true });
  }

  /** Draw the bar anew, but not under the hands of whoever types or folds in it. */
  function drawBar() {
    const at = bar.contains(document.activeElement) ? document.activeElement.tagName : "";
    if (at === "INPUT") return;
    bar.replaceChildren(purse());
    if (at === "SUMMARY") bar.querySelector("summary").focus();
  }

  function show() {
    const result = state.result;
    const ready = result && result.main;
    node.classList.toggle("pending", state.pending);
    node.classList.toggle("look", Boolean(ready && result.stage === "look"));
    undoButton.disabled = !canUndo();
    closure.value = state.setting.closure;
    views.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.view === state.view)));
    drawBar();
    node.dataset.stage = result ? result.stage : "";
    node.dataset.request = result ? result.request : "";
    const progress = h("p", { class: "stage" }, h("span", { class: "dot", "aria-hidden": "true" }), state.pending ? t("stage.calculating") : stageText(result));
    progress.hidden = Boolean(result && result.stage === "absent" && !state.pending);
    headline.replaceChildren(h("h2", { class: "hidden" }, t("explore.results")), h("p", { class: "sentence" }, sentence(result), below(alsoIn(() => sentence(result)), secondLanguage())), progress, scaleText() ? h("p", { class: "note scaled" }, scaleText()) : "", ready ? aside(result) || "" : "");
    tiles.replaceChildren(...TILES.map((id) => tile(id, result)));
    if (ready && result.stage !== "look" && lastSpoken !== result.request && !state.pending) { spoken.textContent = sentence(result); lastSpoken = result.request; }
    hint.hidden = !hasChains(state.setting);
    picture.classList.toggle("mute", hint.hidden);
    needed.node.hidden = !hasLosses(state.setting);
    ten.node.hidden = !hasDecade(state.setting);
    // without a result there is nothing to look at, least of all an older one
    const absent = result && result.stage === "absent";
    rest.forEach((card) => { card.hidden = Boolean(absent); });
    if (absent) picture.steps = null;
    if (!ready) { whoBox.replaceChildren(); return; }
    whoBox.replaceChildren(who(result));
    const series = result.main.series[state.outcome];
    // held apart: a result of the files' numbers says nothing of the room's while it comes
    const before = state.old && disputed() && !state.pending && result.stage !== "look" ? state.old.main.series[state.outcome].reference : null;
    oldNote.hidden = !before;
    oldNote.textContent = before ? t(both.checked ? "months.old" : "months.old_hint") : "";
    drawMonths(monthsBox, series, { both: both.checked, old: before, light: result.stage === "look", label: t("months.alt", { outcome: t(`outcome.${state.outcome}`), last: number(series.mean[series.mean.length - 1], 1, true) }) });
    monthsData.replaceChildren(monthsTable(series, t(`outcome.${state.outcome}`)));
    stairs(result);
  }

  function stairs(result) {
    const steps = result.main.staircase || (picture.steps && !state.pending ? picture.steps : picture.steps);
    if (!steps) return;
    picture.steps = steps;
    const scale = state.view === "all" ? scaleOf(steps, "all") : scaleOf(steps, "change");
    const width = Math.max(300, Math.floor(picture.clientWidth || 700));
    const per = result.main.rows.served.mean > 0 ? "100" : "total";
    picture.replaceChildren(draw(steps, state.view, scale, width, per));
    picture.classList.toggle("old", !result.main.staircase || state.pending);
    picture.dataset.scale = scale;
    picture.dataset.view = state.view;
    legend.replaceChildren(...(state.view === "all"
      ? [key("fill", "legend.mix"), key("outline", "legend.reference")]
      : [key("more", "legend.more"), key("fewer", "legend.fewer"), key("untold", "legend.untold")]));
    scaleNote.textContent = t(state.view === "all" ? "staircase.scale_all" : per === "100" ? "staircase.scale_change" : "staircase.scale_total", { scale: number(scale) });
    pictureTable.replaceChildren(table(steps, per, hasChains(state.setting) ? follow : null));
  }

  const key = (kind, words) => h("span", { class: "key" }, h("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), t(words));

  let width = 0;
  new ResizeObserver(() => { if (Math.abs(picture.clientWidth - width) > 2) { width = picture.clientWidth; if (state.result && state.result.main) show(); } }).observe(picture);

  return { node, update: (what) => { if (what === "eligible") { drawBar(); return; } if (["setting", "all", "online"].includes(what)) askEligible(); if (what === "setting" || what === "all") { turn += 1; story.replaceChildren(); } needed.update(what); ten.update(what); if (["essential", "decade"].includes(what)) return; if (["setting", "all", "room"].includes(what)) refreshLeft(); show(); } };
}

export { bandsOf, name };
