// The room: how phones join, hold and reveal, call all to one screen. Shown to the facilitator.
import { h, newId } from "./dom.js";
import { LANGUAGES, lang, secondLanguage, setSecond, t } from "./i18n.js";
import { data } from "./exported.js";
import { lockMeasures } from "./measures.js";
import { asked, listen, lockedIn, state } from "./store.js";
import { tellRoom } from "./socket.js";

const SCREENS = ["welcome", "explore", "predict", "compare", "assumptions", "workplace", "save"];
let node = null;
let drawn = false;
let build = () => {};
let go = () => {};

/** A QR code comes as SVG from our own server; only its paths are used. */
function qr(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (parsed.nodeName !== "svg") return null;
  parsed.setAttribute("role", "img");
  parsed.setAttribute("aria-label", t("room.qr"));
  parsed.setAttribute("class", "qr");
  return document.importNode(parsed, true);
}

const STEPS = ["hold", "reveal", "hands", "call", "lock", "budget", "parameters", "unpin"];

/** Take back the newest step; says which one that is. */
function backButton() {
  const last = STEPS.includes(state.room.last) ? state.room.last : null;
  return h("button", { type: "button", class: "back", disabled: !last, onclick: () => tellRoom({ type: "lead", what: "back" }) },
    last ? t("room.back_from", { what: t(`step.${last}`) }) : t("room.back"));
}

/** Lock all measures of the place as they are set here, or let all go. */
function lockButton() {
  const on = Object.keys(lockedIn()).length > 0;
  return h("button", { type: "button", class: on ? "lock main" : "lock", onclick: () => (on ? tellRoom({ type: "lead", what: "lock", setting: null }) : lockMeasures(state.place.measures.map((one) => one.id), true)) },
    t(on ? "room.unlock_all" : "room.lock_all"));
}

/** The facilitator's bar above every screen, where phones may join. */
export function leadBar() {
  const room = state.room;
  if (!room || !room.shared || data) return null;
  const here = room.screen === state.screen;
  return h("section", { class: "lead-bar", "aria-label": t("room.lead") }, h("strong", {}, t("room.people", { n: room.people })),
    h("button", { type: "button", class: here ? "main" : "", onclick: () => tellRoom({ type: "lead", what: "call", screen: here ? null : state.screen }) }, t(here ? "room.let_go" : "room.call_here")),
    h("button", { type: "button", class: room.holding ? "main" : "", onclick: () => (room.holding ? tellRoom({ type: "lead", what: "reveal" }) : tellRoom({ type: "lead", what: "hold", setting: asked() })) }, t(room.holding ? "predict.reveal" : "room.hide")),
    lockButton(), backButton());
}

export function roomPanel(actions) {
  build = actions.build;
  go = actions.go;
  node = h("div", { class: "room" });
  refresh();
  return node;
}

function refresh() {
  if (!node || !state.room || !state.hello) return;
  const room = state.room;
  if (!state.hello.facilitator) { node.replaceChildren(); return; }
  const open = node.querySelector("details")?.open || false;
  const call = h("select", { id: newId("call"), onchange: (event) => tellRoom({ type: "lead", what: "call", screen: event.target.value || null }) },
    h("option", { value: "" }, t("room.free")), SCREENS.map((name) => h("option", { value: name, selected: room.screen === name }, t(`nav.${name}`))));
  const held = h("button", { type: "button", onclick: () => (room.holding ? tellRoom({ type: "lead", what: "reveal" }) : tellRoom({ type: "lead", what: "hold", setting: asked() })) }, t(room.holding ? "predict.reveal" : "predict.start"));
  const tools = h("div", { class: "tools" }, held, data ? null : [lockButton(), backButton()]);
  const also = h("select", { id: newId("second"), onchange: async (event) => { await setSecond(event.target.value); build(); } },
    h("option", { value: "" }, t("room.no_second")), Object.entries(LANGUAGES).filter(([code]) => code !== lang).map(([code, words]) => h("option", { value: code, lang: code, selected: code === secondLanguage() }, words)));
  const shared = room.shared
    ? [h("p", {}, t("room.join_at")), h("p", { class: "address" }, room.address || t("room.no_network")), h("p", {}, t("room.code"), " ", h("strong", { class: "code" }, room.code)),
      state.qr ? qr(state.qr) : null, h("p", { class: "note" }, t("room.isolated"))]
    : [h("p", {}, t("room.alone")), h("p", {}, h("code", {}, "vacancy-chains workshop --share"))];
  node.replaceChildren(h("details", { class: "card room-card", open }, h("summary", {}, t("room.title"), " ", h("span", { class: "count" }, t("room.people", { n: room.people }))), ...shared, tools, h("div", { class: "tools" }, h("button", { type: "button", onclick: () => go("guide") }, t("guide.open"))),
    h("div", { class: "field" }, h("label", { for: call.id }, t("room.call")), call),
    h("div", { class: "field" }, h("label", { for: also.id }, t("room.second")), also)));
  if (room.shared && !drawn) drawn = tellRoom({ type: "code" });
}

listen((what) => { if (what === "room" || what === "code") refresh(); });
