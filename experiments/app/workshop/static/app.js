// The page: connection, address, language, screens.
import { h } from "./dom.js";
import { LANGUAGES, lang, number, preferred, setLanguage, t } from "./i18n.js";
import { change, copyOf, forget, fromLink, listen, state, tell, tidy, toLink } from "./store.js";
import { data } from "./exported.js";
import { ask, connect, leave, refusal, roomCode } from "./socket.js";
import { welcome } from "./screens/welcome.js";
import { explore } from "./screens/explore.js";
import { predict } from "./screens/predict.js";
import { compareScreen } from "./screens/compare.js";
import { assumptions } from "./screens/assumptions.js";
import { workplaceScreen } from "./screens/workplace.js";
import { guideScreen } from "./screens/guide.js";
import { save } from "./screens/save.js";
import { leadBar, roomPanel } from "./room.js";

const SCREENS = { welcome, explore, predict, compare: compareScreen, assumptions, ...(data ? {} : { workplace: workplaceScreen }), save, guide: guideScreen };
const NO_TAB = ["guide"]; // reached from Welcome and The room
const MOST_PINS = 6;

let screen = null; // {node, update} of the screen shown
let main, nav, status, problems, called;
let started = false;
let wantedLanguage = "";

const actions = {
  go(name, focus = true) { status.textContent = ""; state.screen = name; address(); build(focus); },
  place: loadPlace,
  pin() {
    if (state.pins.length >= MOST_PINS) { warn(t("pin.full")); return; }
    const label = state.name || t("pin.name", { n: number(state.pins.length + 1) });
    if (state.result?.stage === "absent") { warn(t("stage.absent")); return; }
    state.pins.push({ name: label, setting: copyOf(state.setting), result: state.result && state.result.main && !state.pending ? copyOf(state.result) : null });
    status.textContent = t("pin.done", { name: label });
    tell("pins");
  },
  build: () => build(false),
  warn,
};

function warn(text) { state.warnings.push(text); tell("warning"); }

async function describe(id) {
  if (data) return data.place;
  const answer = await fetch(`/place/${encodeURIComponent(id)}.json`);
  return answer.ok ? answer.json() : null;
}

async function loadPlace(id, setting = null) {
  const place = await describe(id);
  if (!place) { warn(t("problem.place")); return; }
  state.place = place;
  const mix = state.place.mixes.find((one) => one.id === state.place.default_mix);
  state.setting = setting || { site: id, closure: "R", measures: copyOf(mix.measures), partners: copyOf(mix.partners), parameters: state.room ? copyOf(state.room.parameters) : {}, own: {} };
  tidy(state.setting);
  state.result = null;
  state.pending = true;
  forget();
  build(false);
  tell("setting");
}

function frame() {
  nav = h("nav", { "aria-label": t("nav.label") });
  const language = h("select", { id: "language", "aria-label": t("nav.language"), onchange: async (event) => { await setLanguage(event.target.value); localStorage.setItem("lang", lang); address(); frame(); build(false); } },
    Object.entries(LANGUAGES).map(([code, label]) => h("option", { value: code, selected: code === lang, lang: code }, label)));
  status = h("p", { class: "toast", role: "status" });
  problems = h("div", { class: "problems", role: "alert" });
  called = h("div", { class: "called" });
  main = h("main", { id: "main", tabindex: -1 });
  document.title = t("page.title");
  document.body.replaceChildren(
    h("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); } }, t("nav.skip")),
    h("header", { class: "top" }, h("p", { class: "brand" }, h("img", { src: document.querySelector('link[rel="icon"]').href, alt: "", width: 28, height: 28 }), t("page.title")), nav, language),
    problems, called, status, main,
    h("footer", {}, h("p", {}, t(data ? "page.foot_file" : "page.foot", { version: state.hello ? state.hello.version : "" }))));
}

function tabs() {
  nav.replaceChildren(h("ul", {}, Object.keys(SCREENS).filter((name) => !NO_TAB.includes(name)).map((name) => h("li", {},
    h("button", { type: "button", dataset: { screen: name }, "aria-current": state.screen === name ? "page" : null, onclick: () => actions.go(name) }, t(`nav.${name}`))))));
}

function build(focus) {
  if (!state.place || !state.hello) return;
  tabs();
  screen = SCREENS[state.screen](actions);
  main.dataset.screen = state.screen;
  main.replaceChildren(screen.node, roomPanel(actions));
  screen.update("all");
  above();
  if (focus) { main.focus({ preventScroll: true }); window.scrollTo(0, 0); }
}

function address() {
  if (!state.place) return;
  history.replaceState(null, "", (data ? "" : location.pathname + location.search) + toLink(state.setting, lang) + `&s=${state.screen}`);
}

const OLD = MOST_PINS + 1; // slot of the town with the numbers of the files
let older = "";
/** While the room's values are in force the old reference stays in sight, as a thin line. */
function followOld() {
  const disputed = !data && Object.keys(state.setting.parameters || {}).length > 0;
  const key = disputed ? `${state.setting.site} ${state.setting.closure}` : "";
  if (key === older) return;
  older = key;
  state.old = null;
  if (!disputed) { leave(OLD); return; }
  ask({ site: state.setting.site, closure: state.setting.closure, measures: {}, partners: {}, parameters: {} }, (result) => { if (key === older && result.main && result.stage !== "look") { state.old = result; tell("old"); } }, OLD);
}

function follow() {
  followOld();
  ask(state.setting, (result) => {
    state.result = result;
    state.pending = false;
    tell("result");
  });
}

let quiet = 0;
listen(async (what) => {
  if (what === "hello") { if (!started) await begin(); connection(); return; }
  if (what === "setting") {
    follow();
    clearTimeout(quiet);
    quiet = setTimeout(address, 150);
  }
  if (what === "online") connection();
  if (what === "warning") showProblems();
  if (what === "room") follow_room();
  if (screen) screen.update(what);
});

function connection() {
  if (!problems) return;
  document.documentElement.dataset.online = String(state.online);
  showProblems();
}

function showProblems() {
  const close = () => { state.warnings = []; showProblems(); };
  const lines = [];
  if (refusal) lines.push(h("div", { class: "problem" }, h("p", {}, t(refusal)), refusal === "refused.code" ? codeForm() : null));
  else if (!state.online && started) lines.push(h("p", { class: "problem" }, t("problem.offline")));
  if (state.warnings.length) lines.push(h("div", { class: "problem" }, state.warnings.slice(-5).map((text) => h("p", {}, text)), h("button", { type: "button", onclick: close }, t("button.close"))));
  problems.replaceChildren(...lines);
}

function codeForm() {
  const input = h("input", { id: "room-code", maxlength: 6, autocomplete: "off", autocapitalize: "characters", spellcheck: "false" });
  return h("form", { onsubmit: (event) => { event.preventDefault(); sessionStorage.setItem("room", input.value.trim().toUpperCase()); location.href = `${location.pathname}${location.hash}`; } },
    h("label", { for: "room-code" }, t("room.enter")), input, h("button", { type: "submit", class: "main" }, t("room.join")));
}

function follow_room() {
  const room = state.room;
  if (!room || !state.hello) return;
  if (room.screen && room.screen !== state.screen && !state.hello.facilitator) actions.go(room.screen, false);
  const theirs = JSON.stringify(room.parameters), ours = JSON.stringify(state.setting.parameters);
  if (state.place && theirs !== ours) change((setting) => { setting.parameters = copyOf(room.parameters); });
  if (room.holding && room.question && !state.hello.facilitator) takeQuestion(room.question);
  if (state.place && !state.hello.facilitator) change((setting) => tidy(setting)); // what is locked
  above();
}

/** While results are hidden every phone shows the mix that is guessed at; Undo gives its own back. */
let question = "";
function takeQuestion(wanted) {
  const key = JSON.stringify(wanted);
  if (key === question) return;
  question = key;
  const mix = { measures: {}, partners: {}, own: {}, ...copyOf(wanted) };
  if (mix.site === state.setting.site) change((setting) => Object.assign(setting, { measures: mix.measures, partners: mix.partners, own: mix.own, closure: mix.closure || "R" }));
  else loadPlace(mix.site, { ...mix, parameters: copyOf(state.room.parameters) });
}

/** Over the screens: the facilitator's bar, or that the facilitator leads. */
function above() {
  if (!state.room || !state.hello) return;
  const bar = state.hello.facilitator ? leadBar() : null;
  const focus = [...called.querySelectorAll("button")].indexOf(document.activeElement);
  called.replaceChildren(...(bar ? [bar] : state.room.screen && !state.hello.facilitator ? [h("p", { class: "note" }, t("room.called"))] : []));
  if (focus >= 0) called.querySelectorAll("button")[focus]?.focus();
}

async function begin() {
  started = true;
  frame();
  const place = (await describe(siteOf(location.hash) || state.hello.site)) || (await describe(state.hello.site));
  state.place = place;
  const found = fromLink(location.hash, place);
  const wanted = new URLSearchParams(location.hash.replace(/^#/, "")).get("s");
  if (wanted in SCREENS) state.screen = wanted;
  state.warnings.push(...found.warnings.map((text) => t("problem.link", { text })));
  const language = found.lang in LANGUAGES ? found.lang : wantedLanguage;
  if (language !== lang) { await setLanguage(language); frame(); }
  await loadPlace(place.id, found.setting && found.setting.site === place.id ? found.setting : null);
  showProblems();
}

function siteOf(fragment) {
  const site = new URLSearchParams(fragment.replace(/^#/, "")).get("site");
  return site && /^[a-z][a-z0-9_]*$/.test(site) ? site : null;
}

async function open() {
  const given = new URLSearchParams(location.hash.replace(/^#/, "")).get("lang");
  wantedLanguage = given in LANGUAGES ? given : localStorage.getItem("lang") || preferred();
  await setLanguage(wantedLanguage);
  frame();
  main.append(h("p", { class: "loading" }, t("page.connecting")));
  if (roomCode()) sessionStorage.setItem("room", roomCode());
  connect();
}

open();
