// The room: how phones join, hold and reveal, call all to one screen. Shown to the facilitator.
import { h, newId } from "./dom.js";
import { LANGUAGES, lang, secondLanguage, setSecond, t } from "./i18n.js";
import { state, listen } from "./store.js";
import { tellRoom } from "./socket.js";

const SCREENS = ["welcome", "explore", "predict", "compare", "assumptions", "save"];
let node = null;
let asked = false;
let build = () => {};

/** A QR code comes as SVG from our own server; only its paths are used. */
function qr(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (parsed.nodeName !== "svg") return null;
  parsed.setAttribute("role", "img");
  parsed.setAttribute("aria-label", t("room.qr"));
  parsed.setAttribute("class", "qr");
  return document.importNode(parsed, true);
}

export function roomPanel(actions) {
  build = actions.build;
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
  const also = h("select", { id: newId("second"), onchange: async (event) => { await setSecond(event.target.value); build(); } },
    h("option", { value: "" }, t("room.no_second")), Object.entries(LANGUAGES).filter(([code]) => code !== lang).map(([code, words]) => h("option", { value: code, lang: code, selected: code === secondLanguage() }, words)));
  const shared = room.shared
    ? [h("p", {}, t("room.join_at")), h("p", { class: "address" }, room.address || t("room.no_network")), h("p", {}, t("room.code"), " ", h("strong", { class: "code" }, room.code)),
      state.qr ? qr(state.qr) : null, h("p", { class: "note" }, t("room.isolated"))]
    : [h("p", {}, t("room.alone")), h("p", {}, h("code", {}, "vacancy-chains workshop --share"))];
  node.replaceChildren(h("details", { class: "card room-card", open }, h("summary", {}, t("room.title"), " ", h("span", { class: "count" }, t("room.people", { n: room.people }))), ...shared,
    h("div", { class: "field" }, h("label", { for: call.id }, t("room.call")), call),
    h("div", { class: "field" }, h("label", { for: also.id }, t("room.second")), also)));
  if (room.shared && !asked) asked = tellRoom({ type: "code" });
}

listen((what) => { if (what === "room" || what === "code") refresh(); });
