// Predict: guess before the result is shown.
import { below, h, newId } from "../dom.js";
import { alsoIn, between, digits, number, secondLanguage, t } from "../i18n.js";
import { request, tellRoom } from "../socket.js";
import { asked, measureOf, state } from "../store.js";
import { sentence } from "./explore.js";
import { named } from "../measures.js";

export const GUESSES = ["many_more", "few_more", "same", "few_less", "many_less"];
// what an answer stands for, additional people at work per 100 served
const BOUNDS = { many_more: [5, Infinity], few_more: [1, 5], same: [-1, 1], few_less: [-5, -1], many_less: [-Infinity, -5] };

/** The answer that a mean falls into. */
export const answerOf = (mean) => GUESSES.find((id) => mean >= BOUNDS[id][0] && mean < BOUNDS[id][1]) || "many_more";

const both = (key) => [t(key), below(alsoIn(() => t(key)), secondLanguage())];

export function predict() {
  const node = h("div", { class: "predict" });

  function mine(room) {
    const group = newId("guess");
    return h("fieldset", { class: "guess" }, h("legend", {}, t("predict.choose")),
      GUESSES.map((id) => {
        const input = h("input", { type: "radio", name: group, id: `${group}-${id}`, value: id, checked: room.mine === id, onchange: () => tellRoom({ type: "guess", guess: id }) });
        return h("div", { class: "choice" }, input, h("label", { for: input.id }, both(`guess.${id}`)));
      }));
  }

  function hands(room) {
    // one laptop: the facilitator counts raised hands
    return h("div", { class: "hands" }, h("h3", {}, t("predict.hands")), h("p", { class: "note" }, t("predict.hands_note")),
      GUESSES.map((id) => {
        const input = h("input", { type: "number", id: newId("hands"), min: 0, max: 99, value: (room.hands || {})[id] || 0, inputmode: "numeric",
          onchange: (event) => tellRoom({ type: "lead", what: "hands", guess: id, n: Math.max(0, Math.min(99, Math.round(Number(event.target.value) || 0))) }) });
        return h("div", { class: "field" }, h("label", { for: input.id }, t(`guess.${id}`)), input);
      }));
  }

  function counts(room) {
    const shown = room.guesses;
    const row = state.result && state.result.main ? state.result.main.rows.per_100 : null;
    const right = row && row.told ? answerOf(row.mean) : null;
    return h("table", { class: "guesses" }, h("caption", { class: "hidden" }, t("predict.answers")),
      h("tbody", {}, GUESSES.map((id) => h("tr", { class: right === id ? "right" : "", dataset: { guess: id, n: shown[id] } },
        h("th", { scope: "row" }, t(`guess.${id}`), right === id ? h("span", { class: "said" }, t("predict.model")) : null),
        h("td", { class: "dots" }, h("span", { class: "dots-bar", style: `--n:${shown[id]}`, "aria-hidden": "true" })),
        h("td", {}, t("predict.n", { n: shown[id] }))))));
  }

  function update() {
    const room = state.room;
    if (!room) return;
    const lead = state.hello.facilitator;
    const on = Object.keys(state.setting.measures).map((id) => measureOf(id)).filter(Boolean);
    const focus = document.activeElement && node.contains(document.activeElement) ? document.activeElement.id : null;
    const row = state.result && state.result.main ? state.result.main.rows.per_100 : null;
    const parts = [h("section", { class: "card" }, h("h1", {}, t("predict.title")), h("p", { class: "lead" }, both("predict.question")),
      on.length ? h("p", {}, t("predict.mix")) : h("p", {}, t("predict.empty")), on.length ? h("ul", { class: "chips" }, on.map((measure) => h("li", {}, named(measure.names)))) : null,
      lead ? h("div", { class: "tools" },
        h("button", { type: "button", class: room.holding ? "" : "main", onclick: () => tellRoom({ type: "lead", what: "hold", setting: asked() }) }, t("predict.start")),
        h("button", { type: "button", class: room.holding ? "main" : "", disabled: !room.holding, onclick: () => tellRoom({ type: "lead", what: "reveal" }) }, t("predict.reveal"))) : null,
      h("p", { class: "note", role: "status" }, room.holding ? t("predict.holding", { n: room.guessed }) : t("predict.open")))];
    if (room.holding) {
      parts.push(h("section", { class: "card" }, h("h2", {}, t("predict.yours")), mine(room), lead ? hands(room) : null));
    } else if (room.guessed) {
      parts.push(h("section", { class: "card" }, h("h2", {}, t("predict.answers")), counts(room),
        h("p", { class: "sentence" }, sentence(state.result), below(alsoIn(() => sentence(state.result)), secondLanguage())), row ? h("p", {}, t("predict.between", { band: between(row.low, row.high) })) : null,
        row && !row.told ? h("p", { class: "note" }, t("predict.nobody_right")) : null));
    }
    node.replaceChildren(...parts);
    if (focus) { const again = node.querySelector(`[name="${focus}"]`); if (again) again.focus(); }
  }
  return { node, update };
}

export { digits, number, request };
