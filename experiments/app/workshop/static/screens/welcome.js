// Welcome: place, language, what the model is and is not, where its numbers come from.
import { h, newId } from "../dom.js";
import { name, number, percent, t } from "../i18n.js";
import { named } from "../measures.js";
import { state } from "../store.js";

export function welcome(actions) {
  const place = state.place;
  const site = h("select", { id: newId("site"), onchange: (event) => actions.place(event.target.value) },
    state.hello.places.map((one) => h("option", { value: one.id, selected: one.id === place.id }, name(one.names).text)));
  const counts = { A: 0, B: 0, C: 0, D: 0, E: 0 };
  for (const item of place.parameters) counts[item.grade] += 1;
  const all = place.parameters.length;
  const judged = counts.D + counts.E;
  const description = name(place.description);
  const node = h("div", { class: "welcome" },
    h("section", { class: "card hero" },
      h("h1", {}, t("welcome.title", { place: name(place.names).text })),
      h("p", { class: "lead" }, t("welcome.question")),
      h("div", { class: "field" }, h("label", { for: site.id }, t("welcome.place")), site),
      h("p", {}, h("span", { lang: description.foreign ? "en" : null }, description.text), " ", t("welcome.counts", { posts: number(place.posts, 0), register: number(place.register, 0) })),
      h("div", { class: "tools" }, h("button", { type: "button", class: "main", onclick: () => actions.go("explore") }, t("welcome.start")),
        h("button", { type: "button", onclick: () => actions.go("predict") }, t("welcome.predict")),
        state.hello.facilitator ? h("button", { type: "button", onclick: () => actions.go("guide") }, t("guide.open")) : null)),
    h("section", { class: "card" }, h("h2", {}, t("welcome.what")), h("ol", { class: "three" }, ["is", "is_not", "sure"].map((key) => h("li", {}, t(`welcome.${key}`))))),
    h("section", { class: "card" }, h("h2", {}, t("welcome.numbers")),
      h("p", {}, t("welcome.judged", { judged: number(judged), all: number(all), share: percent(judged / all) })),
      h("ul", { class: "grades" }, Object.keys(counts).map((grade) => h("li", {}, h("span", { class: `grade grade-${grade}` }, grade), " ", t(`grade.${grade}`), " ", h("span", { class: "count" }, t("welcome.numbers_of", { n: counts[grade] }))))),
      h("p", {}, t("welcome.target"), " ", h("strong", {}, named(place.target)), ".")),
    h("section", { class: "card words" }, h("h2", {}, t("glossary.title")), h("dl", { class: "glossary" },
      ["reference", "mix", "chain", "step", "entry", "target", "band", "small", "anyway", "displaced"].map((key) => h("div", {}, h("dt", {}, t(`glossary.${key}`)), h("dd", {}, t(`glossary.${key}_text`)))))));
  return { node, update: () => {} };
}
