/** The licenses and amounts of what ends or renews in each month. */
import { useTranslation } from "react-i18next";
import { NONE, useFormats } from "../ui/formats";
import type { Month } from "./documents";

const SHOWN = 3;

export function MonthTable({ months }: { months: readonly Month[] }) {
  const { t } = useTranslation();
  const { money, month: monthName, number } = useFormats();
  return (
    <section className="report" aria-label={t("forecasts.months")}>
      <h2>{t("forecasts.months")}</h2>
      <p className="secondary">{t("forecasts.monthsText")}</p>
      <div className="scroll-x">
        <table className="data-table numbers" aria-label={t("forecasts.months")}>
          <thead>
            <tr>
              <th scope="col">{t("forecasts.month")}</th>
              {["renewing", "expiring", "licenses", "unassigned", "unused", "value"].map((name) => (
                <th key={name} scope="col">
                  {t(`forecasts.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {months.map(({ month, value, ...counts }) => (
              <tr key={month}>
                <td className="month">{monthName(month)}</td>
                {(["renewing", "expiring", "licenses", "unassigned", "unused"] as const).map((name) => (
                  <td key={name}>{number(counts[name])}</td>
                ))}
                <td>
                  <Amounts texts={value.map(({ amount, currency }) => money(amount, currency))} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
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
