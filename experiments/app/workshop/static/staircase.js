// The staircase of openings. Top step first; openings come in from the left, step down when
// somebody is promoted into them, and leave on the right. Order and scale are fixed.
import { h, s, newId } from "./dom.js";
import { between, digits, number, t } from "./i18n.js";

const INTO = ["new_post", "retirement", "leavers", "substitute", "never"];
const OUT = ["short", "long", "outside_force", "outside_region", "closed", "still_open"];
const PRESSED = [...INTO, ...OUT, "promotion", "moves_out"];
const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8];

/** The first round number that is at least as large. */
export function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [...STEPS, 10].map((step) => step * power).find((x) => x >= value * 0.9999);
}

const find = (bands, id) => bands.find((band) => band.id === id);
const shown = (step) => [...INTO.map((id) => find(step.into, id)), ...OUT.map((id) => find(step.out, id))];

/** The scale of a view: openings a year at the end of the axis, from the reference alone. */
export function scaleOf(steps, view) {
  if (view === "all") return roundUp(Math.max(...steps.flatMap(shown).map((band) => band.reference)) * 1.05);
  const promoted = steps.map((step) => find(step.out, "promotion"));
  return roundUp(Math.max(0.5, ...[...steps.flatMap(shown), ...promoted].map((band) => Math.abs(band.per_100[0]))));
}

const level = (rung) => t(`level.${rung}`);
const text = (x, y, words, props = {}) => s("text", { x, y, ...props }, words);

function patterns(id) {
  const hatch = (name, colour, background, angle, gap) => s("pattern",
    { id: `${id}-${name}`, width: gap, height: gap, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${angle})` },
    s("rect", { width: gap, height: gap, fill: background }),
    s("rect", { width: 2, height: gap, fill: colour }));
  return s("defs", {},
    hatch("none", "#a9b1b8", "#f4f5f5", 45, 6), // cannot be told from none
    hatch("fewer", "#a4441a", "#f6d9cb", -45, 5), // fewer
    s("marker", { id: `${id}-tip`, viewBox: "0 0 10 10", refX: 5, refY: 5, markerWidth: 5, markerHeight: 5, orient: "auto-start-reverse" },
      s("path", { d: "M0 1 10 5 0 9z", fill: "#44525c" })));
}

const numberOf = (band, view) => {
  if (view === "all") return number(band.mix, 0);
  const [mean, low, high] = band.per_100;
  const n = low === null ? digits(mean) : Math.max(digits((high - low) / 2), digits(mean) > 1 ? 1 : 0);
  return number(mean, Math.min(n, 1), true) + (band.told ? "" : t("staircase.untold_mark"));
};

/** One band: its bar from `x0` outward in `direction`, and what is written beside it. */
function bar(band, view, id, x0, y, direction, wide, scale, height) {
  const parts = [s("rect", { x: direction > 0 ? x0 : x0 - wide, y, width: wide, height, class: "track" })];
  if (view === "all") {
    const px = wide / scale;
    const place = (value) => { const w = Math.min(Math.max(value, 0) * px, wide); return { x: direction > 0 ? x0 : x0 - w, width: w, y, height }; };
    parts.push(s("rect", { ...place(band.mix), class: "fill" }), s("rect", { ...place(band.reference), class: "outline" }));
  } else {
    // zero in the middle; more to the right, fewer to the left, in another pattern
    const middle = x0 + direction * wide / 2;
    const w = Math.min(Math.abs(band.per_100[0]) / scale, 1) * wide / 2;
    const right = band.per_100[0] >= 0;
    const fill = !band.told ? `url(#${id}-none)` : right ? null : `url(#${id}-fewer)`;
    parts.push(s("rect", { x: right ? middle : middle - w, y, width: Math.max(w, 1), height, class: !band.told ? "untold" : right ? "more" : "fewer", ...(fill ? { fill } : {}) }),
      s("line", { x1: middle, x2: middle, y1: y - 2, y2: y + height + 2, class: "zero" }));
  }
  return parts;
}

/** What is pressed to follow one chain through a band. */
const pick = (rung, side, band, x, y, width, height) => s("rect", { x, y, width, height, class: "pick", dataset: { rung, side, band } });

const pen = document.createElement("canvas").getContext("2d");

/** How wide words are in the drawing. */
function widthOf(words, font = "13px system-ui, 'Noto Sans', sans-serif") {
  pen.font = font;
  return pen.measureText(words).width;
}

/** Words on one line, or on two when they are wider than there is room. */
function lines(words, room) {
  if (widthOf(words) <= room) return [words];
  const parts = words.split(" ");
  if (parts.length < 2) return [words];
  const cuts = parts.slice(1).map((_, at) => [parts.slice(0, at + 1).join(" "), parts.slice(at + 1).join(" ")]);
  return cuts.reduce((best, cut) => (Math.max(...cut.map((x) => widthOf(x))) < Math.max(...best.map((x) => widthOf(x))) ? cut : best));
}

function label(x, y, words, room, anchor) {
  const found = lines(words, room);
  const first = found.length > 1 ? y - 6 : y;
  return found.map((line, at) => text(x, first + at * 13, line, { class: found.length > 1 ? "label tight" : "label", "text-anchor": anchor }));
}

function wideDrawing(steps, view, scale, width, per) {
  const id = newId("stairs");
  const row = 28, bandHeight = 12, gap = 36, value = 50;
  const inside = [t("staircase.openings_year"), t(`staircase.openings_${per}`), t("staircase.moves"), t("staircase.target"), ...[0, 1, 2, 3].map(level)];
  const block = Math.max(118, Math.ceil(Math.max(...inside.map((words) => widthOf(words, "600 12.5px system-ui, 'Noto Sans', sans-serif"))) + 14));
  const tall = OUT.length * row + 8;
  const shift = width > 700 ? 12 : 4;
  const most = width > 900 ? 190 : width > 700 ? 152 : 132; // room for words on either side
  const roomFor = (keys) => Math.min(most, Math.max(...keys.flatMap((words) => lines(words, most).map((x) => widthOf(x)))) + 4);
  const before = roomFor(INTO.map((name) => t(`into.${name}`)));
  const after = roomFor(OUT.map((name) => t(`out.${name}`)));
  const wide = (width - block - 3 * shift - before - after - 2 * value - 30) / 2;
  const total = steps.length * (tall + gap) - gap + 8;
  const g = [patterns(id)];
  const middle = { "text-anchor": "middle" };
  steps.forEach((step, at) => {
    const y = 4 + at * (tall + gap);
    const x = before + value + wide + 15 + at * shift;
    const right = x + block;
    const c = x + block / 2;
    g.push(s("rect", { x, y, width: block, height: tall, rx: 6, class: `step step-${step.rung}` }),
      text(c, y + 21, level(step.rung), { class: "step-name", ...middle }),
      text(c, y + 44, numberOf(step.all, view), { class: "step-number", ...middle }),
      text(c, y + 60, t(view === "all" ? "staircase.openings_year" : `staircase.openings_${per}`), { class: "small", ...middle }),
      text(c, y + 87, t("staircase.moves"), { class: "small", ...middle }),
      text(c, y + 103, numberOf(find(step.out, "moves_out"), view), { class: "small strong", ...middle }),
      text(c, y + 127, t("staircase.target"), { class: "small target", ...middle }),
      text(c, y + 143, numberOf(step.target, view), { class: "small strong target", ...middle }));
    INTO.forEach((name, n) => {
      const band = find(step.into, name);
      const top = y + 8 + (n + 1) * row;
      g.push(...bar(band, view, id, x - 6, top, -1, wide, scale, bandHeight),
        text(x - 10 - wide, top + 11, numberOf(band, view), { class: "number", "text-anchor": "end" }),
        ...label(x - 10 - wide - value, top + 11, t(`into.${name}`), before, "end"),
        pick(step.rung, "into", name, x - 12 - wide - value - before, top - 6, wide + value + before + 6, row - 2));
    });
    OUT.forEach((name, n) => {
      const band = find(step.out, name);
      const top = y + 10 + n * row;
      g.push(...bar(band, view, id, right + 6, top, 1, wide, scale, bandHeight),
        text(right + 10 + wide + value - 8, top + 11, numberOf(band, view), { class: "number", "text-anchor": "end" }),
        ...label(right + 12 + wide + value, top + 11, t(`out.${name}`), after, "start"),
        pick(step.rung, "out", name, right + 6, top - 6, wide + value + after + 6, row - 2));
    });
    if (step.rung > 0) {
      const from = x + block * 0.35;
      g.push(s("line", { x1: from, x2: from, y1: y + tall + 2, y2: y + tall + gap - 9, class: "down", "marker-end": `url(#${id}-tip)` }),
        text(from + 14, y + tall + gap / 2 + 4, t("staircase.promoted", { number: numberOf(find(step.out, "promotion"), view) }), { class: "label strong" }),
        pick(step.rung, "out", "promotion", from - 8, y + tall + 2, block * 2.5, gap - 4));
    }
  });
  return s("svg", { viewBox: `0 0 ${width} ${total}`, width, height: total, class: "stairs", "aria-hidden": "true" }, g);
}

function narrowDrawing(steps, view, scale, width) {
  const id = newId("stairs");
  const g = [patterns(id)];
  const words_ = Math.round(width * 0.44), value = 52, row = 27, bandHeight = 12;
  let y = 0;
  const line = (band, words, inward, rung = null, side = "") => {
    const wide = width - words_ - value - 8;
    g.push(...label(4 + inward, y + 11, words, words_ - inward - 10, "start"),
      ...bar(band, view, id, words_, y + 1, 1, wide, scale, bandHeight),
      text(width - 2, y + 11, numberOf(band, view), { class: "number", "text-anchor": "end" }));
    if (rung !== null) g.push(pick(rung, side, band.id, 0, y - 6, width, row - 1));
    y += row;
  };
  for (const step of steps) {
    const inward = (3 - step.rung) * 4;
    g.push(s("rect", { x: inward, y, width: width - inward, height: 30, rx: 5, class: `step step-${step.rung}` }),
      text(inward + 10, y + 20, level(step.rung), { class: "step-name" }),
      text(width - 8, y + 20, numberOf(step.all, view), { class: "step-number", "text-anchor": "end" }));
    y += 40;
    g.push(text(inward + 2, y + 8, t("staircase.come_open"), { class: "small strong" }));
    y += 16;
    for (const name of INTO) line(find(step.into, name), t(`into.${name}`), inward, step.rung, "into");
    y += 4;
    g.push(text(inward + 2, y + 8, t("staircase.are_taken"), { class: "small strong" }));
    y += 16;
    for (const name of OUT) line(find(step.out, name), t(`out.${name}`), inward, step.rung, "out");
    line(find(step.out, "moves_out"), t("staircase.moves"), inward);
    line(step.target, t("staircase.target"), inward);
    if (step.rung > 0) {
      const up = find(step.out, "promotion");
      g.push(s("line", { x1: 26, x2: 26, y1: y, y2: y + 26, class: "down", "marker-end": `url(#${id}-tip)` }),
        text(42, y + 18, t("staircase.promoted", { number: numberOf(up, view) }), { class: "label strong" }),
        pick(step.rung, "out", "promotion", 0, y, width, 30));
      y += 40;
    }
  }
  return s("svg", { viewBox: `0 0 ${width} ${y + 4}`, width, height: y + 4, class: "stairs narrow", "aria-hidden": "true" }, g);
}

/** The drawing for a width, in pixels. */
export function draw(steps, view, scale, width, per = "100") {
  return width >= 620 ? wideDrawing(steps, view, scale, width, per) : narrowDrawing(steps, view, scale, width);
}

/** All bands of a step in the order of the drawing, with the words for them. */
export function bandsOf(step) {
  return [
    ...INTO.map((id) => [t(`into.${id}`), find(step.into, id)]),
    [t("into.stepped_down"), find(step.into, "stepped_down")],
    [t("into.moves"), find(step.into, "moves")],
    ...OUT.map((id) => [t(`out.${id}`), find(step.out, id)]),
    [t("out.promotion"), find(step.out, "promotion")],
    [t("out.moves_out"), find(step.out, "moves_out")],
    [t("staircase.all"), step.all],
    [t("staircase.target"), step.target],
  ];
}

/** The same numbers as a table. */
export function table(steps, per = "100", example = null) {
  const head = ["table.step", "table.band", "table.reference_year", "table.mix_year", `table.change_${per}`, "table.interval"];
  const rows = steps.flatMap((step) => bandsOf(step).map(([words, band], at) => h("tr", {},
    at === 0 ? h("th", { scope: "rowgroup", rowspan: bandsOf(step).length }, level(step.rung)) : null,
    h("th", { scope: "row" }, words),
    h("td", {}, number(band.reference, 0)), h("td", {}, number(band.mix, 0)),
    h("td", {}, number(band.per_100[0], 1, true) + (band.told ? "" : ` ${t("staircase.untold_mark")}`)),
    h("td", {}, between(band.per_100[1], band.per_100[2])),
    example ? h("td", {}, PRESSED.includes(band.id) ? h("button", { type: "button", class: "small", "aria-label": t("story.of", { band: words, step: level(step.rung) }), onclick: () => example(step.rung, at < step.into.length ? "into" : "out", band.id) }, t("story.button")) : null) : null)));
  return h("table", { class: "data" }, h("caption", {}, t("staircase.caption")),
    h("thead", {}, h("tr", {}, head.map((key) => h("th", { scope: "col" }, t(key))), example ? h("td", {}) : null)), h("tbody", {}, rows));
}
