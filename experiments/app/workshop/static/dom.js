// Small helpers for the document. Text is always set as text, never as markup.

/** Build an element: h("p", { class: "note" }, "text", child). */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  set(node, props);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for SVG. */
export function s(tag, props = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  set(node, props);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function set(node, props) {
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "dataset") Object.assign(node.dataset, value);
    else if (["value", "checked", "disabled", "hidden", "open", "selected"].includes(key) && key in node) node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
}

/** Text that stands below in the second language, or nothing. */
export const below = (text, lang) => (text === null ? null : h("span", { class: "second", lang }, text));

let last = 0;

/** A new id within the page. */
export function newId(stem) {
  last += 1;
  return `${stem}-${last}`;
}

/** Hand a file to the visitor. */
export function download(name, content, type) {
  const blob = content instanceof Blob ? content : new Blob([content], { type: `${type};charset=utf-8` });
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** Rows as CSV, quoted where needed; what a spreadsheet might run as a formula is kept as text. */
export function csv(rows) {
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** A drawing as a file of its own, with the styles it uses written into it. */
export function svgText(node) {
  const copy = node.cloneNode(true);
  const own = [node, ...node.querySelectorAll("*")];
  const copied = [copy, ...copy.querySelectorAll("*")];
  const kept = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "font-style", "text-anchor", "opacity"];
  own.forEach((element, at) => {
    const style = getComputedStyle(element);
    for (const name of kept) {
      const value = style.getPropertyValue(name);
      if (value && !(copied[at].getAttribute(name) || "").startsWith("url")) copied[at].setAttribute(name, value);
    }
    copied[at].removeAttribute("class");
  });
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("font-family", "system-ui, 'Noto Sans', sans-serif");
  return new XMLSerializer().serializeToString(copy);
}

/** The same drawing as a PNG blob, at twice its size on white. */
export async function pngBlob(text, width, height) {
  const image = new Image();
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  await new Promise((good, bad) => { image.onload = good; image.onerror = bad; image.src = url; });
  const canvas = h("canvas", { width: width * 2, height: height * 2 });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(url);
  return new Promise((good) => canvas.toBlob(good, "image/png"));
}
