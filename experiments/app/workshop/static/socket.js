// The connection to the server: one question in flight per slot, the newest wins, back-off
// when the network drops. Slot 0 is the mix at hand, 1 to 6 are pinned mixes.
import { answer, data, lead, reply, start } from "./exported.js";
import { asked, state, tell } from "./store.js";

const PATIENCE = [500, 1000, 2000, 4000, 8000];
const REFUSED = { 4401: "refused.origin", 4403: "refused.code", 4429: "refused.full", 4408: "refused.fast" };

let socket = null;
let tries = 0;
let last = 0;
const slots = new Map(); // slot -> {request, waiting, next, setting, sent, onResult}
const replies = new Map(); // request -> resolve
export let refusal = null;

export function roomCode() {
  return new URLSearchParams(location.search).get("room") || sessionStorage.getItem("room") || "";
}

export function connect() {
  if (data) { start(); return; }
  const code = roomCode();
  if (code) sessionStorage.setItem("room", code);
  const query = code ? `?room=${encodeURIComponent(code)}` : "";
  socket = new WebSocket(`ws://${location.host}/socket${query}`);
  socket.onopen = () => { tries = 0; };
  socket.onmessage = (event) => receive(JSON.parse(event.data));
  socket.onclose = (event) => {
    state.online = false;
    if (REFUSED[event.code]) { refusal = REFUSED[event.code]; tell("online"); if (event.code !== 4408) return; }
    tell("online");
    setTimeout(connect, PATIENCE[Math.min(tries++, PATIENCE.length - 1)]);
  };
}

export function send(message) {
  if (socket && socket.readyState === WebSocket.OPEN) { socket.send(JSON.stringify(message)); return true; }
  return false;
}

function receive(message) {
  if (message.type === "hello") {
    refusal = null;
    state.online = true;
    state.hello = message;
    tell("hello");
    // say again what was asked before the line dropped
    for (const [slot, one] of slots) { one.waiting = false; ask(one.setting, one.onResult, slot); }
  } else if (message.type === "room") { state.room = message; tell("room"); }
  else if (message.type === "result") {
    const slot = slots.get(message.slot);
    if (!slot || message.request !== slot.request) return; // an older one
    slot.waiting = false;
    slot.onResult(message, performance.now() - slot.sent);
    if (slot.next) { const next = slot.next; slot.next = null; ask(next, slot.onResult, message.slot); }
  } else if (message.type === "problem") {
    const waiting = replies.get(message.request);
    if (waiting) { replies.delete(message.request); waiting.bad(new Error(message.text)); }
    for (const slot of slots.values()) if (slot.request === message.request) slot.waiting = false;
    if (!waiting) { state.warnings.push(message.text); tell("warning"); }
  } else if (message.type === "essential") { state.essential = message; tell("essential"); }
  else if (message.type === "workplace") { state.workplace = { ...state.workplace, ...message }; tell("workplace"); }
  else if (message.type === "decade") { state.decade = message; tell("decade"); }
  else if (message.type === "code") { state.qr = message.svg; tell("code"); }
  else {
    const waiting = replies.get(message.request ?? message.type);
    if (waiting) { replies.delete(message.request ?? message.type); waiting.good(message); }
  }
}

/** Ask for a setting. While the first look of an older one is under way only the newest waits. */
export function ask(setting, onResult, slot = 0) {
  if (data) { queueMicrotask(() => onResult(answer(setting), 0)); return; }
  const one = slots.get(slot) || { request: -1, waiting: false, next: null };
  slots.set(slot, one);
  one.setting = JSON.parse(JSON.stringify(setting));
  one.onResult = onResult;
  if (one.waiting) { one.next = one.setting; return; }
  last += 1;
  one.request = last;
  one.next = null;
  one.sent = performance.now();
  one.waiting = send({ type: "ask", slot, request: last, setting: asked(setting) });
}

/** Stop following a slot. */
export function leave(slot) { if (data) return; if (slots.delete(slot)) send({ type: "leave", slot }); }

/** Ask something that has one answer. */
export function request(message) {
  if (data) return reply(message);
  last += 1;
  const number = last;
  return new Promise((good, bad) => {
    replies.set(number, { good, bad });
    if (!send({ ...message, request: number })) { replies.delete(number); bad(new Error("offline")); }
  });
}

/** Whether this page leads the room. */
export const leads = () => Boolean(state.hello && state.hello.facilitator);

/** Tell the room something; the answer comes as a new state of the room. */
export const tellRoom = (message) => (data ? lead(message) : send(message));
