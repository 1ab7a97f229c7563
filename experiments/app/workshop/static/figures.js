// Intervals as strips, and the months as a line with its band.
import { h, s } from "./dom.js";
import { between, digits, number, t } from "./i18n.js";
import { roundUp } from "./staircase.js";

/** Whether a difference is more, fewer, or cannot be told from none. */
export function verdict(row) {
  if (!row || row.mean === null) return "unknown";
  if (!row.told) return "untold";
  return row.mean > 0 ? "more" : "fewer";
}

const scales = new Map();

/** A scale that holds while a slider moves: it grows when it must and shrinks only when reset. */
export function steady(name, row) {
  const ends = [row.low, row.high, row.mean].filter((x) => x !== null).map(Math.abs);
  const wanted = roundUp(Math.max(...ends, 1e-9));
  const kept = scales.get(name) || 0;
  if (wanted > kept || wanted < kept / 8) scales.set(name, wanted);
  return scales.get(name);
}
export const resetScales = () => scales.clear();

/** A strip: zero in the middle, the interval as a band, the mean as a mark. */
export function strip(row, scale, width = 220, height = 22, label = "") {
  const x = (value) => width / 2 + Math.max(-1, Math.min(1, value / scale)) * (width / 2 - 6);
  const middle = height / 2;
  const parts = [s("line", { x1: 4, x2: width - 4, y1: middle, y2: middle, class: "axis" }),
    s("line", { x1: width / 2, x2: width / 2, y1: 1, y2: height - 1, class: "zero" })];
  if (row && row.mean !== null) {
    const kind = verdict(row);
    if (row.low !== null) {
      const left = x(row.low), right = x(row.high);
      parts.push(s("rect", { x: left, width: Math.max(right - left, 2), y: middle - 5, height: 10, rx: 2, class: `band ${kind}` }));
    }
    parts.push(s("circle", { cx: x(row.mean), cy: middle, r: 4.5, class: `mark ${kind}` }));
  }
  return s("svg", { viewBox: `0 0 ${width} ${height}`, class: "strip", role: label ? "img" : null, "aria-label": label || null, "aria-hidden": label ? null : "true", preserveAspectRatio: "none" }, parts);
}

/** A difference in words: the number with its band. */
export function difference(row, sign = true) {
  if (!row || row.mean === null) return t("band.unknown");
  const n = row.low === null ? digits(row.mean) : digits((row.high - row.low) / 2);
  return `${number(row.mean, n, sign)}`;
}

export const band = (row) => (row ? between(row.low, row.high) : "");

// ---- months

let chart = null;
let host = null;

/** Draw the months of one outcome into an element; colours and words are ours. */
export function drawMonths(element, series, { both, light, label, old = null }) {
  const library = globalThis.echarts;
  if (!library) return;
  if (host !== element) {
    if (chart) chart.dispose();
    chart = library.init(element, null, { renderer: "svg" });
    host = element;
  }
  const months = series.mean.map((_, at) => at + 1);
  const plus = (a, b) => (a === null || b === null ? null : a + b);
  const base = both ? series.reference : series.mean.map(() => 0);
  const mean = series.mean.map((value, at) => plus(value, base[at]));
  const low = series.low.map((value, at) => plus(value, base[at]));
  const spread = series.high.map((value, at) => (value === null || series.low[at] === null ? null : value - series.low[at]));
  const short = (value) => number(value, Math.abs(value) >= 20 ? 0 : Number.isInteger(value) ? 0 : 1);
  const narrow = element.clientWidth < 520;
  const above = mean[mean.length - 1] >= base[base.length - 1]; // labels keep apart
  chart.resize();
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: "system-ui, 'Noto Sans', sans-serif", fontSize: 13, color: "#26323a" },
    grid: { left: 8, right: narrow ? 16 : 120, top: 18, bottom: 30, containLabel: true },
    tooltip: { trigger: "axis", confine: true, formatter: (items) => {
      const at = items[0].dataIndex;
      return `${t("months.month", { month: at + 1 })}<br>${t("months.tip", { mean: number(series.mean[at], 1, true), band: between(series.low[at], series.high[at]) })}`;
    } },
    xAxis: { type: "category", data: months, name: t("months.axis"), nameLocation: "middle", nameGap: 24,
      axisLabel: { interval: (at) => (at + 1) % 12 === 0, formatter: (x) => x }, axisTick: { interval: (at) => (at + 1) % 12 === 0 }, axisLine: { onZero: false } },
    yAxis: { type: "value", scale: both, axisLabel: { formatter: short }, splitLine: { lineStyle: { color: "#e4e8ea" } } },
    series: [
      { name: "low", type: "line", data: low, stack: "band", stackStrategy: "all", symbol: "none", lineStyle: { opacity: 0 }, silent: true },
      { name: "band", type: "line", data: spread, stack: "band", stackStrategy: "all", symbol: "none", lineStyle: { opacity: 0 }, areaStyle: { color: "#1767a5", opacity: light ? 0.08 : 0.2 }, silent: true },
      { name: t("words.reference"), type: "line", data: base, symbol: "none", lineStyle: { color: "#44525c", type: [6, 4], width: 1.6 }, endLabel: { show: !narrow, formatter: t("words.reference_short"), color: "#44525c", offset: [0, above ? 8 : -8] }, silent: true },
      ...(both && old ? [{ name: t("words.old_reference"), type: "line", data: months.map((_, at) => old[at] ?? null), symbol: "none", lineStyle: { color: "#7a4b00", type: [1, 3], width: 1.2 }, endLabel: { show: false }, silent: true }] : []),
      { name: t("words.mix"), type: "line", data: mean, symbol: "none", lineStyle: { color: "#0f5288", width: light ? 1.4 : 2.4 }, endLabel: { show: !narrow, formatter: t("words.mix_short"), color: "#0f5288", offset: [0, above ? -8 : 8] }, silent: true },
    ],
  }, true);
  element.dataset.old = both && old ? String(old[old.length - 1]) : "";
  element.dataset.last = String(series.mean[series.mean.length - 1]);
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", label);
}

export const chartSvg = () => (host ? host.querySelector("svg") : null);

/** The months as a table. */
export function monthsTable(series, caption) {
  const rows = series.mean.map((mean, at) => h("tr", {}, h("th", { scope: "row" }, String(at + 1)),
    h("td", {}, number(series.reference[at], 1)), h("td", {}, number(mean, 1, true)), h("td", {}, between(series.low[at], series.high[at]))));
  return h("table", { class: "data" }, h("caption", {}, caption), h("thead", {}, h("tr", {},
    ["table.month", "table.reference", "table.difference", "table.interval"].map((key) => h("th", { scope: "col" }, t(key))))), h("tbody", {}, rows));
}
