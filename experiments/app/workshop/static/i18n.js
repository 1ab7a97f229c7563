// Words and numbers in the visitor's language.

export const LANGUAGES = { en: "English", fi: "Suomi", sv: "Svenska", nl: "Nederlands", pt: "Português", bg: "Български" };
const LOCALES = { en: "en-GB", fi: "fi-FI", sv: "sv-FI", nl: "nl-NL", pt: "pt-PT", bg: "bg-BG" };

let words = {};
let english = {};
export let lang = "en";
let plural = new Intl.PluralRules("en-GB");

const holder = document.getElementById("data"); // the page as one file has its words in it

async function read(language) {
  if (holder) return JSON.parse(holder.textContent).locales[language];
  const answer = await fetch(new URL(`locale/${language}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`no words in ${language}`);
  return answer.json();
}

/** Switch the language; the page is drawn anew by whoever called. */
export async function setLanguage(language) {
  const wanted = language in LANGUAGES ? language : "en";
  if (!Object.keys(english).length) english = await read("en");
  words = wanted === "en" ? english : await read(wanted);
  lang = wanted;
  plural = new Intl.PluralRules(LOCALES[wanted]);
  document.documentElement.lang = wanted === "pt" ? "pt-PT" : wanted;
}

// ---- a second language beside the first, for a board that a whole room reads

let second = "";
let secondWords = {};
export const secondLanguage = () => second;

export async function setSecond(language) {
  second = language in LANGUAGES && language !== lang ? language : "";
  secondWords = second ? await read(second) : {};
}

/** What `say` gives in the second language; null where none is asked or it is the first. */
export function alsoIn(say) {
  if (!second || second === lang) return null;
  const first = [words, lang, plural];
  [words, lang, plural] = [secondWords, second, new Intl.PluralRules(LOCALES[second])];
  try { return say(); } finally { [words, lang, plural] = first; }
}

/** A date in the visitor's language. */
export const day = (date) => new Intl.DateTimeFormat(LOCALES[lang], { dateStyle: "long" }).format(date);

/** The visitor's own language where we have it. */
export function preferred() {
  for (const code of navigator.languages || []) {
    const short = code.slice(0, 2).toLowerCase();
    if (short in LANGUAGES) return short;
  }
  return "en";
}

/** The text of a key with its values filled in; `n` chooses between singular and plural. */
export function t(key, values = {}) {
  let text;
  if ("n" in values) {
    const form = plural.select(Math.abs(values.n));
    text = words[`${key}.${form}`] ?? words[`${key}.other`] ?? words[key];
    values = { ...values, n: typeof values.n === "number" ? number(values.n) : values.n };
  } else text = words[key];
  text ??= english[key] ?? english[`${key}.other`] ?? key;
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

export const has = (key) => key in words || key in english;

/** How many decimals a number of this size deserves. */
export function digits(size) {
  const a = Math.abs(size);
  return a >= 20 || !Number.isFinite(a) ? 0 : a >= 1 ? 1 : 2;
}

export function number(value, decimals = null, sign = false) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const n = decimals ?? (Number.isInteger(value) ? 0 : digits(value));
  const text = new Intl.NumberFormat(LOCALES[lang], {
    minimumFractionDigits: n, maximumFractionDigits: n,
    signDisplay: sign ? "exceptZero" : "negative",
  }).format(value);
  return text.replace(/^-/, "−");
}

/** A number with three digits that count, however small it is. */
export function exact(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return new Intl.NumberFormat(LOCALES[lang], { maximumSignificantDigits: 3 }).format(value).replace(/^-/, "−");
}

export function percent(share) {
  return new Intl.NumberFormat(LOCALES[lang], { style: "percent", maximumFractionDigits: 0 }).format(share);
}

export function money(euro) {
  return new Intl.NumberFormat(LOCALES[lang], { style: "currency", currency: "EUR", maximumSignificantDigits: 3, maximumFractionDigits: 0 }).format(euro);
}

/** "a to b" with as many decimals as its width deserves. */
export function between(low, high, sign = true) {
  if (low === null || high === null) return t("band.open");
  const n = digits((high - low) / 2);
  return t("band.between", { low: number(low, n, sign), high: number(high, n, sign) });
}

/** The name of a thing; where it has none in this language the English one, marked. */
export function name(names) {
  if (names[lang]) return { text: names[lang], foreign: false };
  return { text: names.en, foreign: lang !== "en" };
}
