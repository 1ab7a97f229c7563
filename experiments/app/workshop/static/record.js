// The record of the workshop, one page: guesses, mixes, partners, assumptions, what was agreed.
import { download, h, newId } from "./dom.js";
import { between, day, digits, exact, lang, name, number, t } from "./i18n.js";
import { verdict } from "./figures.js";
import { named } from "./measures.js";
import { request } from "./socket.js";
import { asked, measureOf, ownOf, state, toLink } from "./store.js";
import { stageText } from "./screens/explore.js";
import { GUESSES } from "./screens/predict.js";
import { sorted } from "./essential.js";

/** A name; what the room made itself carries its stamp. */
const measureName = (id, setting = state.setting) => { const one = measureOf(id, setting); return [named(one.names), one.own ? ` (${t("own.stamp")})` : ""]; };

function mixes() {
  const own = state.pins.map((pin) => ({ name: pin.name, setting: pin.setting, result: pin.result }));
  const board = (state.room ? state.room.board : []).filter((item) => !own.some((pin) => pin.name === item.name))
    .map((item) => ({ name: item.name || t("pin.unnamed"), setting: item.setting, result: null }));
  return [...own, ...board];
}

function answerOf(result) {
  const row = result && result.main ? result.main.rows.per_100 : null;
  if (!row || row.mean === null) return "–";
  const n = row.low === null ? digits(row.mean) : digits((row.high - row.low) / 2);
  return `${number(row.mean, n, true)} (${between(row.low, row.high)}) · ${t(`verdict.${verdict(row)}`)}`;
}

const parts = (setting) => [
  ...Object.entries(setting.measures || {}).map(([id, one]) => [measureName(id, setting), ` ${number(one.dose * 100, 0)} %`]),
  ...Object.entries(setting.partners || {}).filter(([, one]) => one.takes_part === false).map(([kind]) => ["− ", named(state.place.partners.find((one) => one.kind === kind).names)]),
];

/** What the room made itself, with its range: each once, however many mixes hold it. */
function ownLines(all) {
  const found = new Map();
  for (const { setting } of [{ setting: state.setting }, ...all]) for (const [id, own] of Object.entries(ownOf(setting))) found.set(JSON.stringify(own), measureOf(id, setting));
  return found.size ? h("ul", { class: "own-lines" }, [...found.values()].map((one) => h("li", {}, h("strong", {}, named(one.names)), ` (${t("own.stamp")}) `,
    one.levers.map((lever) => t("own.says", { lever: t(`lever.${lever.lever}`), low: exact(lever.low), assumed: exact(lever.assumed), top: exact(lever.high) }))))) : null;
}

/** Build the card; `update` draws it anew. */
export function recordCard(actions) {
  const page = h("div", { class: "record" });
  const agreed = h("textarea", { id: newId("agreed"), rows: 4, maxlength: 1500, oninput: (event) => { state.agreed = event.target.value; update(); } });
  agreed.value = state.agreed;
  const print = () => {
    document.body.classList.add("printing-record");
    window.addEventListener("afterprint", () => document.body.classList.remove("printing-record"), { once: true });
    window.print();
  };
  const files = async () => {
    try {
      for (const mix of mixes()) {
        const answer = await request({ type: "file", name: mix.name, setting: asked(mix.setting) });
        download(answer.file, answer.text, "application/toml");
      }
    } catch (error) { actions.warn(error.message || t("stage.absent")); }
  };
  const node = h("section", { class: "card record-card" },
    h("div", { class: "screen-only" }, h("h2", {}, t("record.title")), h("p", { class: "note" }, t("record.note")),
      h("div", { class: "field tall" }, h("label", { for: agreed.id }, t("record.agreed")), agreed),
      h("div", { class: "tools" }, h("button", { type: "button", class: "main", onclick: print }, t("record.print")),
        h("button", { type: "button", onclick: files }, t("record.files")))),
    page);

  function update() {
    const room = state.room;
    const guessed = room && room.guesses && room.guessed;
    const all = mixes();
    const values = room ? Object.entries(room.parameters) : [];
    const [told] = sorted(state.essential ? state.essential.losses : []);
    const needed = told.filter((loss) => loss.mean > 0);
    const row = (head, ...cells) => h("tr", {}, h("th", { scope: "row" }, head), cells.map((cell) => h("td", {}, cell)));
    page.replaceChildren(
      h("h1", {}, t("record.of", { place: name(state.place.names).text, date: day(new Date()) })),
      h("section", {}, h("h2", {}, t("record.guesses")), guessed
        ? h("table", { class: "data" }, h("tbody", {}, GUESSES.map((id) => row(t(`guess.${id}`), t("predict.n", { n: room.guesses[id] }))), row(t("predict.model"), [answerOf(state.result), state.result ? h("span", { class: "said" }, stageText(state.result)) : null])))
        : h("p", { class: "note" }, t("record.none"))),
      h("section", {}, h("h2", {}, t("record.mixes")), all.length
        ? h("table", { class: "data" }, h("caption", {}, t("compare.per_100")), h("tbody", {}, all.map((mix) => row([h("strong", {}, mix.name), h("span", { class: "said" }, parts(mix.setting).map((one, at) => [at ? " · " : "", ...one]))], [answerOf(mix.result), mix.result ? h("span", { class: "said" }, stageText(mix.result)) : null]))))
        : h("p", { class: "note" }, t("record.none")),
        ownLines(all)),
      h("section", {}, h("h2", {}, t("record.needed")), needed.length
        ? h("ul", {}, needed.map((loss) => h("li", {}, loss.kind === "partner" ? named(state.place.partners.find((one) => one.kind === loss.id).names) : measureName(loss.id), ` ${number(-loss.mean, 1, true)} (${between(-loss.high, -loss.low)})`)))
        : h("p", { class: "note" }, t(state.essential && state.essential.done === state.essential.total ? "record.nobody" : "record.none"))),
      h("section", {}, h("h2", {}, t("record.disputed")), values.length
        ? h("ul", {}, values.map(([id, value]) => h("li", {}, t(`parameter.${id}`), ": ", t("assumptions.rooms", { value: exact(value) }), ", ", t("record.file", { value: exact(state.place.parameters.find((one) => one.id === id).value) }))))
        : h("p", { class: "note" }, t("assumptions.files"))),
      h("section", {}, h("h2", {}, t("record.agreed")), h("p", { class: "agreed" }, state.agreed || "…")),
      h("p", { class: "note" }, t("record.again"), " ", h("code", {}, `vacancy-chains compare ${state.place.id} --mix FILE.toml${state.place.scale > 1 ? ` --scale ${state.place.scale}` : ""} --seed ${state.hello.seed}`), " ", h("span", { class: "link" }, toLink(state.setting, lang))),
      h("p", { class: "note" }, t("paper.foot", { version: state.hello.version, seeds: state.result && state.result.main ? state.result.main.seeds.join("–") : "–", stage: "" })),
      h("p", { class: "note" }, t("paper.reading")));
  }
  return { node, update };
}
