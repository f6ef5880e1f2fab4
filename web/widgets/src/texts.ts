/** The texts of the widgets in English and Serbian. */

const EN = {
  loading: "Loading …",
  waiting: "Not connected yet: the page must call connect().",
  reconnecting: "The connection is lost. Reconnecting …",
  refused: "The access token is not accepted any more. Sign in again.",
  forbidden: "Your role does not include these figures or events.",
  closed: "The connection cannot be made.",
  retry: "Try again",
  noCustomers: "No customer has one of these statuses.",
  noActivity: "Nothing has happened yet.",
  noTrend: "No figures yet. They appear after the first completed week.",
  customer: "{n} customer",
  customers: "{n} customers",
  kpis: "Key figures",
  activity: "Activity",
  trend: "Licenses per week",
  week: "Week of",
  total: "Total",
  totalCustomers: "Customers",
  nearingExpiration: "Nearing expiration",
  nearingRenewal: "Nearing renewal",
  lowLicenseAssignment: "Low assignment",
  overLicenseLimit: "Over the limit",
  used: "Used",
  unused: "Assigned, not used",
  available: "Available",
  SUSPENDED: "Suspended",
  LICENSE_OVERAGE: "License overage",
  EXPIRING_SOON: "Expiring soon",
  EXPIRED: "Expired",
  READY_FOR_ORDER_SETUP: "Ready for order setup",
  NO_RECENT_ACTIVITY: "No recent activity",
  TRIAL: "Trial",
  SUBSCRIPTION: "Subscription",
};

export type TextKey = keyof typeof EN;

const SR: Record<TextKey, string> = {
  loading: "Učitavanje …",
  waiting: "Nije povezano: stranica mora da pozove connect().",
  reconnecting: "Veza je prekinuta. Ponovno povezivanje …",
  refused: "Pristupni token više nije prihvaćen. Prijavite se ponovo.",
  forbidden: "Vaša uloga ne obuhvata ove podatke.",
  closed: "Veza ne može da se uspostavi.",
  retry: "Pokušaj ponovo",
  noCustomers: "Nijedan kupac nema neki od ovih statusa.",
  noActivity: "Još se ništa nije dogodilo.",
  noTrend: "Još nema podataka. Pojaviće se posle prve završene nedelje.",
  customer: "Kupaca: {n}",
  customers: "Kupaca: {n}",
  kpis: "Ključni pokazatelji",
  activity: "Aktivnost",
  trend: "Licence po nedeljama",
  week: "Nedelja od",
  total: "Ukupno",
  totalCustomers: "Kupci",
  nearingExpiration: "Uskoro ističe",
  nearingRenewal: "Uskoro se obnavlja",
  lowLicenseAssignment: "Malo dodeljenih",
  overLicenseLimit: "Preko ograničenja",
  used: "Korišćene",
  unused: "Dodeljene, nekorišćene",
  available: "Slobodne",
  SUSPENDED: "Obustavljen",
  LICENSE_OVERAGE: "Prekoračenje licenci",
  EXPIRING_SOON: "Uskoro ističe",
  EXPIRED: "Isteklo",
  READY_FOR_ORDER_SETUP: "Spremno za podešavanje porudžbine",
  NO_RECENT_ACTIVITY: "Bez skorašnje aktivnosti",
  TRIAL: "Probni period",
  SUBSCRIPTION: "Pretplata",
};

export interface Words {
  language: string;
  say(key: TextKey, n?: number): string;
  number(value: number): string;
  date(text: string, options?: Intl.DateTimeFormatOptions): string;
}

/** The words of a language tag: Serbian for `sr…`, English for all others. */
export function wordsFor(tag: string): Words {
  const isSerbian = tag.toLowerCase().startsWith("sr");
  const language = isSerbian ? "sr-Latn" : tag || "en";
  const numbers = new Intl.NumberFormat(language);
  return {
    language,
    say: (key, n = 0) => (isSerbian ? SR : EN)[key].replace("{n}", numbers.format(n)),
    number: (value) => numbers.format(value),
    date: (text, options = { dateStyle: "medium" }) => new Intl.DateTimeFormat(language, options).format(new Date(text)),
  };
}
