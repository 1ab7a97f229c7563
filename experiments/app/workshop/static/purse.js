// What the mix takes, above all controls: money of the budget, people wanted against people
// eligible, and what each partner is asked for and can deliver.
import { h, newId } from "./dom.js";
import { money, number, percent, t } from "./i18n.js";
import { data } from "./exported.js";
import { named, planned, totals } from "./measures.js";
import { request, tellRoom } from "./socket.js";
import { measureOf, ownOf, setOf, state, tell } from "./store.js";

const KINDS = ["jobseeker", "worker", "employer", "coordination"];
let opened = false; // whether the partners are folded out; the bar is drawn anew at each move

/** Ask how many could take part; once for each place and its assumptions. */
export function askEligible() {
  if (data) { state.eligible = { site: data.place.id, ...data.eligible }; return; }
  const site = state.setting.site, parameters = JSON.stringify(state.setting.parameters);
  if (state.eligible?.site === site && state.eligible.parameters === parameters) return;
  state.eligible = { site, parameters }; // asked
  request({ type: "eligible", setting: { site, parameters: JSON.parse(parameters) } })
    .then((found) => { if (state.eligible?.site === site && state.eligible.parameters === parameters) { Object.assign(state.eligible, found.found); tell("eligible"); } })
    .catch(() => { state.eligible = null; });
}

const meter = (share, said, kind = "") => h("span", { class: "meter", role: "img", "aria-label": said },
  h("span", { class: `meter-fill ${kind}${share > 1 ? " over" : ""}`, style: `width:${Math.min(100, Math.max(0, share * 100))}%` }));

/** Measures that run with this setting, those of today too. */
const running = () => [...state.place.measures.map((one) => one.id), ...Object.keys(ownOf())]
  .map((id) => [measureOf(id), setOf(id).dose]).filter(([measure, dose]) => dose > 0 && measure.recruits !== "place");

/** People who meet the condition of at least one of these measures; null while not known. */
export function eligibleFor(measures, found = state.eligible) {
  if (!found || !found.patterns) return null;
  const wanted = new Set(measures.map((one) => found.ids.indexOf(one.own ? `own:${one.kind}` : one.id)).map(String));
  return found.patterns.reduce((sum, [ids, n]) => sum + (ids.split(",").some((id) => wanted.has(id)) ? n : 0), 0);
}

function wantedRows() {
  const on = running();
  const rows = [];
  const line = (id, label, wanted, there) => {
    const over = there !== null && wanted > there;
    const said = there === null ? t("wanted.places", { n: Math.round(wanted) }) : t(over ? "wanted.over" : "wanted.of", { n: Math.round(wanted), there: number(there) });
    rows.push(h("li", { dataset: { wanted: id, n: Math.round(wanted), there: there ?? "" } }, h("span", { class: "meter-label" }, label), h("span", { class: over ? "over" : "" }, said), there ? meter(wanted / there, said) : null));
  };
  for (const kind of KINDS) {
    const people = on.filter(([measure]) => measure.kind === kind && measure.recruits === "person");
    if (people.length) line(kind, t(`kind.${kind}`), people.reduce((sum, [measure, dose]) => sum + planned(measure, dose), 0), eligibleFor(people.map(([measure]) => measure)));
  }
  const places = on.filter(([measure]) => measure.recruits === "workplace");
  if (places.length) {
    const there = state.eligible && state.eligible.workplaces ? Math.max(...places.map(([measure]) => state.eligible.workplaces[measure.own ? "own:employer" : measure.id] ?? 0)) : null;
    line("workplaces", t("wanted.workplaces"), places.reduce((sum, [measure, dose]) => sum + planned(measure, dose), 0), there);
  }
  return rows;
}

/** What a partner is asked for in a year and delivers: its capacity times its engagement. */
export function loadOf(partner) {
  const one = state.setting.partners[partner.kind] || {};
  const asked = { person: 0, workplace: 0 };
  for (const [measure, dose] of running()) asked[measure.recruits] += planned(measure, dose) * (measure.delivered_by[partner.kind] || 0);
  const share = one.takes_part === false ? 0 : (one.capacity ?? partner.capacity.value) * partner.engagement.value;
  return { asked, share, out: one.takes_part === false };
}

function partnerRows() {
  return state.place.partners.map((partner) => {
    const { asked, share, out } = loadOf(partner);
    const sum = asked.person + asked.workplace;
    const parts = [["person", "purse.people"], ["workplace", "purse.workplaces"]].filter(([key]) => asked[key] >= 0.5).map(([key, words]) => t(words, { n: Math.round(asked[key]) })).join(" · ");
    const said = sum < 0.5 ? t("load.nothing") : t(out ? "load.out" : "load.asked", { places: parts, share: percent(share) });
    return h("li", { dataset: { load: partner.kind, asked: Math.round(sum), share } }, h("span", { class: "meter-label" }, named(partner.names)), h("span", { class: out && sum >= 0.5 ? "over" : "" }, said), sum >= 0.5 ? meter(share, said, "stand-in") : null);
  });
}

/** The bar. */
export function purse() {
  const sum = totals();
  const budget = state.room ? state.room.budget : null;
  const lead = state.hello.facilitator;
  const share = budget > 0 ? sum.money / budget : 0;
  const said = t(share > 1 ? "purse.over" : "purse.within", { share: number(share * 100, 0) });
  const input = h("input", { type: "number", min: 0, step: 1000, id: newId("budget"), inputmode: "numeric", value: budget ?? "", disabled: !lead,
    onchange: (event) => { const x = Number(event.target.value); tellRoom({ type: "lead", what: "budget", budget: event.target.value && x >= 0 ? Math.min(x, 1e9) : null }); } });
  return h("section", { class: "purse", "aria-label": t("purse.title") },
    h("p", {}, h("strong", {}, t("purse.people", { n: Math.round(sum.people) })), " · ", t("purse.workplaces", { n: Math.round(sum.workplaces) }), " · ",
      h("strong", {}, t("purse.money", { money: money(sum.money) })),
      sum.unpriced ? h("span", { class: "hatched" }, t("purse.unpriced", { n: sum.unpriced })) : null),
    h("div", { class: "budget" }, h("label", { for: input.id }, t("purse.budget")), input, lead ? null : h("span", { class: "note" }, t("room.budget_note")),
      budget > 0 ? meter(share, said) : null, budget > 0 ? h("span", { class: share > 1 ? "over" : "" }, said) : null),
    h("details", { open: opened, ontoggle: (event) => { opened = event.target.open; } }, h("summary", {}, t("load.title")),
      h("p", { class: "note" }, t("load.note")),
      h("h3", {}, t("wanted.title")), h("ul", { class: "loads" }, wantedRows()),
      h("h3", {}, t("load.partners")), h("ul", { class: "loads" }, partnerRows())));
}
