// Compare: up to six pinned mixes on one scale.
import { h } from "../dom.js";
import { digits, money, number, t } from "../i18n.js";
import { difference, strip, verdict, band } from "../figures.js";
import { named, totals } from "../measures.js";
import { ask, leave, tellRoom } from "../socket.js";
import { roundUp } from "../staircase.js";
import { asked, change, copyOf, forget, measureOf, ownOf, state, tell } from "../store.js";
import { scaleText, stageText } from "./explore.js";

const ROWS = ["per_100", "net", "got_target", "additional", "target_jobseekers", "other_jobseekers", "everybody", "jobs"];

export function compareScreen(actions) {
  const node = h("div", { class: "compare" });

  function everybody() {
    const board = (state.room ? state.room.board : []).map((item, at) => ({ ...item, board: at }));
    return { own: state.pins, board };
  }

  function follow() {
    state.pins.forEach((pin, at) => {
      if (pin.result && pin.result.finished) return;
      ask(pin.setting, (result) => { if (result.main) { pin.result = result; update(); } }, at + 1);
    });
  }

  function line(pins, id) {
    const rows = pins.map((pin) => (pin.result ? pin.result.main.rows[id] : null));
    const ends = rows.filter(Boolean).flatMap((row) => [row.low, row.high, row.mean]).filter((x) => x !== null).map(Math.abs);
    const scale = roundUp(Math.max(...ends, 1e-9));
    return h("tr", {}, h("th", { scope: "row" }, t(`compare.${id}`), h("span", { class: "scale" }, t("compare.scale", { scale: number(scale) }))),
      rows.map((row) => h("td", { dataset: { verdict: verdict(row) } }, row
        ? [h("strong", {}, difference(row)), h("span", { class: "interval" }, band(row)), strip(row, scale, 200, 20), h("span", { class: "said" }, t(`verdict.${verdict(row)}`))]
        : pins.length && state.pins.every((pin) => pin.result && pin.result.main.months >= 36) ? "–" : t("stage.calculating"))));
  }

  function update() {
    const { own, board } = everybody();
    const parts = [h("section", { class: "card" }, h("h1", {}, t("compare.title")), h("p", { class: "note" }, t("compare.note")), scaleText() ? h("p", { class: "note scaled" }, scaleText()) : null,
      own.length ? null : h("p", { class: "empty" }, t("compare.empty")),
      h("div", { class: "tools" }, h("button", { type: "button", class: "main", onclick: () => { actions.pin(); follow(); update(); } }, t("button.pin"))))];
    if (own.length) {
      parts[0].append(h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("compare.title") }, h("table", { class: "pins" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("compare.what")), own.map((pin, at) => h("th", { scope: "col", dataset: { pin: at } },
          h("span", { class: "pin-name" }, pin.name),
          h("ul", { class: "pin-mix" }, Object.entries(pin.setting.measures).map(([id, one]) => h("li", {}, named(measureOf(id, pin.setting).names), ownOf(pin.setting)[id] ? h("span", { class: "stamp" }, t("own.stamp")) : null, ` ${number(one.dose * 100, 0)} %`))),
          h("div", { class: "tools" },
            h("button", { type: "button", onclick: () => { change((setting) => Object.assign(setting, copyOf(pin.setting))); actions.go("explore"); } }, t("compare.open")),
            h("button", { type: "button", onclick: () => tellRoom({ type: "pin", name: pin.name, setting: asked(pin.setting) }) }, t("compare.board")),
            h("button", { type: "button", onclick: () => { for (let slot = 1; slot <= 6; slot += 1) leave(slot); state.pins.splice(at, 1); follow(); update(); } }, t("compare.remove"))))))),
        h("tbody", {}, ROWS.map((id) => line(own, id)),
          h("tr", {}, h("th", { scope: "row" }, t("compare.served")), own.map((pin) => h("td", {}, pin.result ? number(pin.result.main.rows.served.mean, 0) : "…"))),
          h("tr", {}, h("th", { scope: "row" }, t("compare.cost")), own.map((pin) => { const sum = totals(pin.setting); return h("td", {}, money(sum.money), sum.unpriced ? h("span", { class: "hatched" }, t("purse.unpriced", { n: sum.unpriced })) : null); })),
          h("tr", {}, h("th", { scope: "row" }, t("compare.sure")), own.map((pin) => h("td", { class: "note" }, pin.result ? stageText(pin.result) : "…")))))));
    }
    if (board.length) {
      parts.push(h("section", { class: "card" }, h("h2", {}, t("compare.the_board")), h("ul", { class: "board" }, board.map((item) => h("li", {},
        h("strong", {}, item.name || t("pin.unnamed")), " ", h("span", { class: "note" }, t("group.on", { n: Object.keys(item.setting.measures).length })), " ",
        h("button", { type: "button", onclick: () => { if (state.pins.length >= 6) { actions.warn(t("pin.full")); return; } state.pins.push({ name: item.name || t("pin.unnamed"), setting: copyOf(item.setting), result: null }); follow(); update(); } }, t("compare.take")),
        state.hello.facilitator ? h("button", { type: "button", onclick: () => tellRoom({ type: "lead", what: "unpin", at: item.board }) }, t("compare.remove")) : null)))));
    }
    node.replaceChildren(...parts);
  }
  follow();
  return { node, update };
}

export { digits, forget, tell };
