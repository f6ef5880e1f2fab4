/** The languages of the pages: one catalogue each. The one of a viewer is that of the browser, or was chosen here. */
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

export async function loadTexts(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    // React escapes what it shows.
    interpolation: { escapeValue: false },
  });
  await showLanguage(initialLanguage());
}

async function showLanguage(language: Language): Promise<void> {
  if (language === "sr-Latn" && !i18next.hasResourceBundle(language, "translation")) {
    const { default: texts } = await import("./sr-Latn.json");
    i18next.addResourceBundle(language, "translation", texts);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(KEY, language);
  await showLanguage(language);
}

export function currentLanguage(): Language {
  return isLanguage(i18next.language) ? i18next.language : "en";
}
