// My workplace: what happens at simulated workplaces like the visitor's own.
import { h, newId } from "../dom.js";
import { between, number, t } from "../i18n.js";
import { named } from "../measures.js";
import { request, send } from "../socket.js";
import { asked, measureOf, state } from "../store.js";

const YEARS = ["1", "3", "5"];
const SETTINGS = ["today", "there", "town", "top"];
const NOTHING = ["nothing", "nobody", "no_entry", "no_jobseeker"];
const WHO = ["promotion", "moves_out", "short", "long", "outside_force", "outside_region", "closed", "open"];
let years = "3";
const typed = { sector: "", staff: 20, rungs: ["", "", "", ""], leavers: "", worlds: "quick" };

/** Ten little squares, so many of them filled; the number stands beside. */
const ten = (value) => h("span", { class: "ten", "aria-hidden": "true" }, Array.from({ length: 10 }, (_, at) => h("i", { style: `--fill:${Math.round(Math.max(0, Math.min(1, value - at)) * 100)}%` })));

export function workplaceScreen() {
  const option = (value, label) => h("option", { value }, label);
  const field = (label, control) => h("div", { class: "field" }, h("label", { for: control.id }, label), control);
  const sector = h("select", { id: newId("work") }, state.place.sectors.map((one) => option(one.id, named(one.names).textContent)));
  if (state.place.sectors.some((one) => one.id === typed.sector)) sector.value = typed.sector;
  const staff = h("input", { type: "number", id: newId("work"), min: 1, max: 20000, step: 1, value: typed.staff, inputmode: "numeric" });
  const worlds = h("select", { id: newId("work") }, ["quick", ...(state.hello.facilitator ? ["whole"] : [])].map((key) => option(key, t(`work.${key}`))));
  if (state.hello.facilitator) worlds.value = typed.worlds;
  const rungs = [0, 1, 2, 3].map((rung) => h("input", { type: "number", id: newId("work"), min: 0, max: 20000, step: 1, value: typed.rungs[rung], inputmode: "numeric" }));
  const leavers = h("input", { type: "number", id: newId("work"), min: 0, max: 20000, step: 1, value: typed.leavers, inputmode: "numeric" });
  const said = h("p", { class: "wrong", role: "alert" });
  const bar = h("progress", { max: 1, value: 0, "aria-label": t("work.title") });
  const progress = h("p", { class: "note", role: "status" });
  const stop = h("button", { type: "button", onclick: () => { send({ type: "stop", what: "workplace" }); state.workplace = null; show(); } }, t("work.stop"));
  const running = h("div", { class: "tools" }, bar, stop);
  const answer = h("div", {});
  const whole = (input) => (input.value === "" ? null : Number(input.value));

  function ask(event) {
    event.preventDefault();
    const one = { sector: sector.value, staff: whole(staff), worlds: worlds.value };
    Object.assign(typed, { sector: one.sector, staff: staff.value, worlds: one.worlds, leavers: leavers.value, rungs: rungs.map((input) => input.value) });
    const ladder = rungs.map(whole);
    const good = (x, least) => Number.isInteger(x) && x >= least && x <= 20000;
    if (!good(one.staff, 1)) { said.textContent = t("work.wrong_staff"); staff.focus(); return; }
    if (ladder.some((x) => x !== null)) {
      one.rungs = ladder.map((x) => x ?? 0);
      if (!one.rungs.every((x) => good(x, 0)) || one.rungs.reduce((a, b) => a + b, 0) !== one.staff) { said.textContent = t("work.wrong_rungs", { staff: number(one.staff) }); rungs[0].closest("details").open = true; rungs[0].focus(); return; }
    }
    if (whole(leavers) !== null) {
      one.leavers = whole(leavers);
      if (!good(one.leavers, 0)) { said.textContent = t("work.wrong_staff"); leavers.focus(); return; }
    }
    said.textContent = "";
    state.workplace = { done: 0, total: 1, since: performance.now(), asked: one };
    show();
    request({ type: "workplace", setting: asked(), workplace: one }).catch((error) => { state.workplace = null; said.textContent = error.message; show(); });
  }

  const form = h("form", { class: "work-form", onsubmit: ask, novalidate: true }, field(t("work.sector"), sector), field(t("work.staff"), staff), field(t("work.how_long"), worlds),
    h("details", { open: typed.rungs.some(Boolean) || typed.leavers !== "" }, h("summary", {}, t("work.more")), h("p", { class: "note" }, t("work.rungs")),
      h("div", { class: "rungs" }, rungs.map((input, rung) => field(t(`level.${rung}`), input))), field(t("work.leavers"), leavers)),
    said, h("div", { class: "tools" }, h("button", { type: "submit", class: "main" }, t("work.ask"))));
  const node = h("div", { class: "workplace" }, h("section", { class: "card" }, h("h1", {}, t("work.title")), h("p", {}, t("work.note")), form, running, progress), answer);

  const cell = (one, at) => h("td", { class: one.told ? "told" : "" }, number(one.number, 1), one.told ? "*" : "", at ? h("span", { class: "said" }, between(one.low, one.high)) : null);

  function table(rows) {
    const line = (key, label) => (rows[key] ? h("tr", { dataset: { row: key } }, h("th", { scope: "row" }, label), rows[key].map(cell)) : null);
    const group = (key) => h("tr", { class: "group" }, h("th", { scope: "rowgroup", colspan: 5 }, t(key)));
    return h("table", { class: "data work-table" }, h("caption", {}, t("work.caption")),
      h("thead", {}, h("tr", {}, h("td", {}), SETTINGS.map((key) => h("th", { scope: "col" }, t(`work.${key}`))))),
      h("tbody", {}, group("work.opened"), [0, 1, 2, 3].map((rung) => line(`rung_${rung}`, t(`level.${rung}`))),
        group("work.who"), WHO.map((key) => line(key, key === "open" ? t("work.still_open") : t(`out.${key}`))),
        group("work.other"), line("months", t("work.months")), line("stayed", t("work.stayed")), line("promoted", t("work.promoted"))));
  }

  function show() {
    const now = state.workplace;
    running.hidden = progress.hidden = !now || Boolean(now.found);
    if (now && !now.found) {
      bar.max = now.total;
      bar.value = now.done;
      const left = now.done ? ((performance.now() - now.since) / now.done) * (now.total - now.done) / 60000 : null;
      progress.textContent = now.done ? t("work.progress", { done: number(now.done), total: number(now.total), left: number(Math.max(1, Math.ceil(left))) }) : t("work.begins");
    }
    if (!now || !now.found) { answer.replaceChildren(); return; }
    const { found } = now;
    const rows = found.rows[years];
    const windows = YEARS.map((key) => h("button", { type: "button", "aria-pressed": String(key === years), onclick: () => { years = key; show(); answer.querySelector('[aria-pressed="true"]').focus(); } }, t("work.years", { n: Number(key) })));
    answer.replaceChildren(h("section", { class: "card", dataset: { workplaces: found.workplaces } },
      h("div", { class: "card-head" }, h("h2", {}, t("work.of_ten")), h("div", { class: "switcher", role: "group", "aria-label": t("work.window") }, windows)),
      h("p", { class: "note" }, t("work.told_from", { workplaces: number(found.workplaces), worlds: number(found.worlds), low: number(found.staff[0]), high: found.staff[1] > 99999 ? "∞" : number(found.staff[1]) })),
      found.nearest ? h("p", { class: "caution" }, t(found.every_sector ? "work.nearest_all" : "work.nearest", { close: number(found.close), looked: number(found.looked) })) : null,
      found.few ? h("p", { class: "caution" }, t("work.few", { workplaces: number(found.workplaces), wanted: number(found.wanted) })) : null,
      h("ul", { class: "nothing-list" }, NOTHING.map((key) => h("li", { dataset: { nothing: key } }, h("span", {}, t(`work.${key}`, { today: number(rows[key][0].number, 1), there: number(rows[key][1].number, 1) })), ten(rows[key][0].number)))),
      h("p", {}, t("work.support"), " ", found.support.map((id, at) => [at ? ", " : "", measureOf(id) ? named(measureOf(id).names) : id]), "."),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("work.caption") }, table(rows)),
      h("p", { class: "note" }, t(found.worlds < 8 ? "work.untold" : "work.star")), h("p", { class: "note" }, t("work.no_data"))));
  }

  return { node, update: (what) => { if (what === "all" || what === "workplace") show(); } };
}
