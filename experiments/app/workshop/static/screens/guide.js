// The facilitator's guide: the Markdown of its file as headings, lists and tables, to print.
import { h } from "../dom.js";
import { LANGUAGES, lang, t } from "../i18n.js";
import { data } from "../exported.js";

async function read() {
  if (data) return data.guides[lang];
  const answer = await fetch(new URL(`../guide/${lang}.md`, import.meta.url));
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

/** Text with *emphasis*, **weight** and `code` as nodes; nothing is read as markup. */
export function inline(text) {
  return text.split(/(\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`)/).map((part) => {
    if (part.startsWith("**") && part.length > 4) return h("strong", {}, part.slice(2, -2));
    if (part.startsWith("*") && part.length > 2) return h("em", {}, part.slice(1, -1));
    if (part.startsWith("`") && part.length > 2) return h("code", {}, part.slice(1, -1));
    return part;
  });
}

const cells = (line) => line.replace(/^\||\|\s*$/g, "").split("|").map((cell) => cell.trim());

/** The blocks that the guides use: headings, paragraphs, lists, tables. */
export function blocks(text) {
  const found = [];
  for (const block of text.split(/\n{2,}/).map((one) => one.trim()).filter(Boolean)) {
    const lines = block.split("\n");
    const heading = /^(#{1,3}) (.*)$/.exec(block);
    if (heading) found.push(h(`h${heading[1].length}`, {}, inline(heading[2])));
    else if (lines[0].startsWith("|")) {
      const [head, , ...rows] = lines.map(cells);
      found.push(h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": head.join(", ") }, h("table", { class: "data guide-table" },
        h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, inline(cell))))),
        h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, at) => (at ? h("td", {}, inline(cell)) : h("th", { scope: "row" }, inline(cell))))))))));
    } else if (/^\d+\. /.test(lines[0])) found.push(h("ol", {}, lines.map((line) => h("li", {}, inline(line.replace(/^\d+\. /, ""))))));
    else if (lines[0].startsWith("- ")) found.push(h("ul", {}, lines.map((line) => h("li", {}, inline(line.slice(2))))));
    else found.push(h("p", {}, inline(lines.join(" "))));
  }
  return found;
}

export function guideScreen(actions) {
  const page = h("article", { class: "card guide" }, h("p", { class: "loading" }, t("stage.calculating")));
  const print = h("button", { type: "button", class: "main", onclick: () => window.print() }, t("guide.print"));
  read().then((text) => page.replaceChildren(...blocks(text))).catch(() => actions.warn(t("problem.offline")));
  const node = h("div", {}, h("div", { class: "tools screen-only" }, print, h("span", { class: "note" }, t("guide.language", { language: LANGUAGES[lang] }))), page);
  return { node, update: () => {} };
}
