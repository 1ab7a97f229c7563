// The page as one file: the answers that were computed, and nothing else. There is no server;
// a mix that is not in the table gets no numbers, least of all those of a neighbour.
import { asked, state, tell, todayOf } from "./store.js";

const holder = document.getElementById("data");
export const data = holder ? JSON.parse(holder.textContent) : null;

const guesses = () => ({ many_more: 0, few_more: 0, same: 0, few_less: 0, many_less: 0 });
const room = { type: "room", shared: false, code: "", address: "", people: 1, holding: false, screen: null, question: null, guessed: 0, mine: null, guesses: guesses(), hands: guesses(), board: [], parameters: {}, locked: null, budget: null, last: null };
let table = null;

/** Text that is equal for equal mixes. */
export function keyOf(setting) {
  const all = asked(setting);
  const round = (x) => Number(x.toPrecision(9));
  const measures = Object.entries(all.measures).filter(([id, one]) => one.dose > 0 || todayOf(id) > 0)
    .map(([id, one]) => [id, round(one.dose), one.strength, one.start]).sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const partners = Object.entries(all.partners).filter(([, one]) => !one.takes_part || one.capacity !== undefined)
    .map(([kind, one]) => [kind, one.takes_part, one.capacity ?? null]).sort((a, b) => (a[0] < b[0] ? -1 : 1));
  return JSON.stringify([all.closure, measures, partners, Object.keys(all.parameters).length]);
}

function find(setting) {
  if (!table) table = new Map(data.answers.map((one) => [keyOf({ parameters: {}, ...one.setting }), one]));
  return table.get(keyOf(setting)) || null;
}

/** Whether a setting was computed; always so where there is a server. */
export const computed = (setting) => !data || find(setting) !== null;

export const settings = () => (data ? data.answers.map((one) => one.setting) : []);

let last = 0;
/** The answer to a setting, or that there is none. */
export function answer(setting) {
  const one = find(setting);
  last += 1;
  return { type: "result", request: last, ...(one ? one.message : { stage: "absent" }) };
}

export function start() {
  state.online = true;
  state.hello = data.hello;
  state.room = room;
  tell("hello");
}

/** Whether chains can be told of a setting, whom it cannot do without, and what ten years bring. */
export const hasChains = (setting) => !data || Boolean(find(setting)?.chains);
export const hasLosses = (setting) => !data || Boolean(find(setting)?.losses);
export const hasDecade = (setting) => !data || Boolean(find(setting)?.decade);

/** What a server would answer to a question that has one answer. */
export async function reply(message) {
  if (message.type === "chain") {
    const told = find(message.setting)?.chains?.[`${message.rung} ${message.side} ${message.band}`];
    return { found: told ? told[message.which % told.length] : null };
  }
  if (message.type === "essential") {
    const losses = find(message.setting)?.losses || [];
    state.essential = { done: losses.length, total: losses.length, losses };
    tell("essential");
    return {};
  }
  if (message.type === "decade") {
    state.decade = find(message.setting)?.decade || null;
    tell("decade");
    return {};
  }
  const one = message.type === "file" ? find(message.setting) : null;
  if (!one) throw new Error("");
  return { file: `${/^id = "([^"]+)"/m.exec(one.file)[1]}.toml`, text: one.file };
}

/** The room on one machine: guesses by raised hands, a board of one's own. */
export function lead(message) {
  if (message.type === "guess") room.mine = message.guess;
  else if (message.type === "pin") room.board.push({ name: message.name, setting: message.setting });
  else if (message.what === "hold") { room.holding = true; room.mine = null; room.hands = guesses(); room.question = message.setting; }
  else if (message.what === "reveal") room.holding = false;
  else if (message.what === "hands") room.hands[message.guess] = message.n;
  else if (message.what === "budget") room.budget = message.budget;
  else if (message.what === "unpin") room.board.splice(message.at, 1);
  room.guesses = { ...room.hands };
  if (room.mine) room.guesses[room.mine] += 1;
  room.guessed = Object.values(room.guesses).reduce((a, b) => a + b, 0);
  tell("room");
  return true;
}
