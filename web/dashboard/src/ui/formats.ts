/** Numbers, dates and durations in the language of the page. */
import { useTranslation } from "react-i18next";
import { currentLanguage } from "../texts/texts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
export const NONE = "–";

export interface Formats {
  number(value: number): string;
  percent(value: number | null | undefined): string;
  date(instant: string | null | undefined): string;
  /** "December 2026", of a date in it. */
  month(date: string): string;
  instant(instant: string): string;
  /** "in 6 days", "3 hours ago". */
  relative(instant: string | null | undefined, now?: number): string;
  money(amount: string, currency: string): string;
  country(code: string): string;
}

function createFormats(language: string): Formats {
  const numbers = new Intl.NumberFormat(language);
  const percents = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  // Days are days in UTC, as in the rules of the domain.
  const dates = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" });
  const months = new Intl.DateTimeFormat(language, { month: "long", year: "numeric", timeZone: "UTC" });
  const instants = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "long" });
  const durations = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const moneys = new Map<string, Intl.NumberFormat>();
  const countries = new Intl.DisplayNames(language, { type: "region" });
  return {
    number: (value) => numbers.format(value),
    percent: (value) => (value == null ? NONE : percents.format(value / 100)),
    date: (instant) => (instant ? dates.format(new Date(instant)) : NONE),
    month: (date) => months.format(new Date(date)),
    instant: (instant) => instants.format(new Date(instant)),
    relative(instant, now = Date.now()) {
      if (!instant) return NONE;
      const distance = Date.parse(instant) - now;
      const size = Math.abs(distance);
      if (size < HOUR) return durations.format(Math.round(distance / MINUTE), "minute");
      if (size < DAY) return durations.format(Math.round(distance / HOUR), "hour");
      if (size < 60 * DAY) return durations.format(Math.round(distance / DAY), "day");
      if (size < 730 * DAY) return durations.format(Math.round(distance / (30.44 * DAY)), "month");
      return durations.format(Math.round(distance / (365.25 * DAY)), "year");
    },
    money(amount, currency) {
      const format = moneys.get(currency) ?? new Intl.NumberFormat(language, { style: "currency", currency });
      moneys.set(currency, format);
      return format.format(Number(amount));
    },
    country(code) {
      try {
        return countries.of(code) ?? code;
      } catch {
        return code;
      }
    },
  };
}

const made = new Map<string, Formats>();

/** The formats of a language, made once: an Intl object takes longer to make than a row of a list. */
function formatsOf(language: string): Formats {
  const formats = made.get(language) ?? createFormats(language);
  made.set(language, formats);
  return formats;
}

/** The formats of the present language, for what is drawn again by its parent when the language changes. */
export function currentFormats(): Formats {
  return formatsOf(currentLanguage());
}

export function useFormats(): Formats {
  return formatsOf(useTranslation().i18n.language);
}
