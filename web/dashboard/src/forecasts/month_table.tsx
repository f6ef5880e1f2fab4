/** The licenses and amounts of what ends or renews in each month. */
import { useTranslation } from "react-i18next";
import { type Column, DataTable } from "../ui/data_table";
import { NONE, useFormats } from "../ui/formats";
import type { Month } from "./documents";

const SHOWN = 3;
const COUNTS = ["renewing", "expiring", "licenses", "unassigned", "unused"] as const;

export function MonthTable({ months }: { months: readonly Month[] }) {
  const { t } = useTranslation();
  const { money, month: monthName, number } = useFormats();
  return (
    <section className="report" aria-label={t("forecasts.months")}>
      <h2>{t("forecasts.months")}</h2>
      <p className="secondary">{t("forecasts.monthsText")}</p>
      <DataTable
        label={t("forecasts.months")}
        columns={[t("forecasts.month"), ...[...COUNTS, "value"].map((name): Column => ({ name: t(`forecasts.${name}`), kind: "number" }))]}
        rows={months.map(({ month, value, ...counts }) => ({
          id: month,
          cells: [
            <span className="month">{monthName(month)}</span>,
            ...COUNTS.map((name) => number(counts[name])),
            <Amounts texts={value.map(({ amount, currency }) => money(amount, currency))} />,
          ],
        }))}
      />
    </section>
  );
}

/** The amounts of the first currencies; a click shows the others. */
function Amounts({ texts }: { texts: readonly string[] }) {
  const { t } = useTranslation();
  const others = texts.slice(SHOWN);
  const first = texts.slice(0, SHOWN).join(" · ") || NONE;
  if (others.length === 0) return first;
  return (
    <details>
      <summary>
        {first} <span className="secondary small">{t("forecasts.moreCurrencies", { count: others.length })}</span>
      </summary>
      {others.join(" · ")}
    </details>
  );
}
