/** How a customer's licenses and calls developed by week. */
import { useTranslation } from "react-i18next";
import { Failure } from "../ui/failure";
import { LicenseTrend, type LicenseWeek } from "../ui/license_trend";
import { TrendChart } from "../ui/trend_chart";
import type { TabProps } from "./customer_page";
import { CUSTOMER_TRENDS } from "./documents";
import { CardsSkeleton, EmptyTab } from "./tab_states";
import { usePart } from "./use_part";

export function TrendsTab({ customer, changes }: TabProps) {
  const { t } = useTranslation();
  const [{ data, error }, read] = usePart(CUSTOMER_TRENDS, customer.id, changes);
  if (error && !data) return <Failure error={error} onRetry={() => read({ requestPolicy: "network-only" })} />;
  if (!data?.customer) return <CardsSkeleton />;
  const { meetings, calling } = data.customer;
  const callingTrend = data.customer.callingTrend ?? [];
  const isEmpty = (weeks: readonly LicenseWeek[] | null | undefined) => !weeks?.some(({ total, assigned }) => total + assigned > 0);
  const hasCalls = callingTrend.some(({ calls, licensedUsers }) => calls + licensedUsers > 0);
  if (isEmpty(meetings) && isEmpty(calling) && !hasCalls) return <EmptyTab title={t("trends.none")} text={t("trends.noneText")} />;
  return (
    <>
      {meetings && !isEmpty(meetings) && <LicenseTrend title={t("trends.licenses", { product: t("product.MEETINGS") })} weeks={meetings} />}
      {calling && !isEmpty(calling) && <LicenseTrend title={t("trends.licenses", { product: t("product.CALLING") })} weeks={calling} />}
      {hasCalls && (
        <TrendChart
          title={t("trends.calls")}
          unit={t("calling.column.calls")}
          weeks={callingTrend.map(({ weekStart }) => weekStart)}
          stacked={[{ color: 1, name: t("calling.column.calls"), values: callingTrend.map(({ calls }) => calls) }]}
          line={{ color: 4, name: t("calling.column.poorPercent"), unit: "%", isPercent: true, values: callingTrend.map(({ poorPercent }) => poorPercent ?? null) }}
        />
      )}
    </>
  );
}
