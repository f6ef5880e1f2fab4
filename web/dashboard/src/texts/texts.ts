/**
 * The languages of the pages. The one of a viewer is that of the browser, or was chosen here. A language has two
 * catalogues: the texts of the first page, and (`pages.…`) those of the pages that are loaded when they are opened.
 */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./en.json";

const KEY = "partnerhub:language";
export type Language = "en" | "sr-Latn";
export const LANGUAGES: Readonly<Record<Language, string>> = { en: "English", "sr-Latn": "Srpski" };

function isLanguage(name: string | null): name is Language {
  return name !== null && name in LANGUAGES;
}

function initialLanguage(): Language {
  const kept = localStorage.getItem(KEY);
  if (isLanguage(kept)) return kept;
  return navigator.language.toLowerCase().startsWith("sr") ? "sr-Latn" : "en";
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** A name that is written from right to left does not turn around what stands beside it. React escapes what it shows. */
function isolate(value: unknown): string {
  const text = String(value);
  return RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text;
}

export async function loadTexts(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    interpolation: { escape: isolate },
  });
  await showLanguage(initialLanguage());
}

const FIRST = { "sr-Latn": () => import("./sr-Latn.json") };
const LATER = { en: () => import("./pages.en.json"), "sr-Latn": () => import("./pages.sr-Latn.json") };
const added = new Set<() => Promise<unknown>>();
let needsLaterPages = false;

async function add(language: Language, load: () => Promise<{ default: object }>): Promise<void> {
  if (added.has(load)) return;
  const { default: texts } = await load();
  i18next.addResourceBundle(language, "translation", texts, true);
  added.add(load);
}

async function showLanguage(language: Language): Promise<void> {
  await Promise.all([language !== "en" && add(language, FIRST[language]), needsLaterPages && add(language, LATER[language])]);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

/** Loads the texts of all pages but the first. */
export async function loadPageTexts(): Promise<void> {
  needsLaterPages = true;
  const language = currentLanguage();
  await add(language, LATER[language]);
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(KEY, language);
  await showLanguage(language);
}

export function currentLanguage(): Language {
  return isLanguage(i18next.language) ? i18next.language : "en";
}

const kept = new Map<string, string>();
i18next.on("languageChanged", () => kept.clear());

/**
 * The text of a key without values, for what is drawn again by its parent when the language changes. It is looked up
 * once: the rows of a long list have the same few texts.
 */
export function text(key: string): string {
  const found = kept.get(key) ?? i18next.t(key);
  // A key that is its own text belongs to a catalogue that is not loaded yet.
  if (found !== key) kept.set(key, found);
  return found;
}
