/** The licenses of one product by week: used, assigned but not used, available, and the total as a line. */
import { useTranslation } from "react-i18next";
import { TrendChart } from "./trend_chart";

export interface LicenseWeek {
  weekStart: string;
  total: number;
  assigned: number;
  used: number;
  available: number;
}

export function LicenseTrend({ title, weeks }: { title: string; weeks: readonly LicenseWeek[] }) {
  const { t } = useTranslation();
  const unit = t("analytics.licenses");
  return (
    <TrendChart
      title={title}
      unit={unit}
      weeks={weeks.map(({ weekStart }) => weekStart)}
      stacked={[
        { color: 1, name: t("licenses.used"), values: weeks.map(({ used, assigned }) => Math.min(used, assigned)) },
        { color: 2, name: t("analytics.unused"), values: weeks.map(({ used, assigned }) => Math.max(0, assigned - used)) },
        { color: 3, name: t("licenses.available"), values: weeks.map(({ available }) => available) },
      ]}
      line={{ color: 4, name: t("licenses.total"), unit, values: weeks.map(({ total }) => total) }}
    />
  );
}
