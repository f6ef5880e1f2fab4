/** Analytics: five KPI tiles, the licence trend, and the five reports, all of one product. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { useSearchParams } from "wouter";
import { useFeed } from "../api/feeds";
import type { AnalyticsProduct } from "../gql/graphql";
import { Failure } from "../ui/failure";
import { useFormats } from "../ui/formats";
import { LicenseTrend } from "../ui/license_trend";
import { Segments } from "../ui/segments";
import { useCustomerFilter } from "./customer_filter";
import { KPIS_CHANGED, LICENSE_ANALYTICS } from "./documents";
import { KpiTiles } from "./kpi_tiles";
import { type ReportName, Reports } from "./reports";
import { CardsSkeleton } from "../customer/tab_states";
import "../customer/customer.css";
import "./analytics.css";

const PRODUCTS: readonly AnalyticsProduct[] = ["MEETINGS", "CALLING"];
const PAGE_SIZE = 10;
const MOST = 200;
const FIRST_ROWS: Record<ReportName, number> = { recentlyAdded: PAGE_SIZE, expiring: PAGE_SIZE, renewing: PAGE_SIZE, lowAssignment: PAGE_SIZE, overLimit: PAGE_SIZE };

export default function AnalyticsPage() {
  const { t } = useTranslation();
  const { instant } = useFormats();
  const [parameters, setParameters] = useSearchParams();
  const product: AnalyticsProduct = parameters.get("product") === "CALLING" ? "CALLING" : "MEETINGS";
  const { filter, select } = useCustomerFilter();
  const chooseProduct = (value: string) =>
    setParameters((present) => {
      present.set("product", value);
      return present;
    });
  const [rows, setRows] = useState(FIRST_ROWS);
  const [{ data, error }, read] = useQuery({
    query: LICENSE_ANALYTICS,
    variables: { product, filter: filter ?? {}, ...rows },
    pause: !filter,
    requestPolicy: "cache-and-network",
  });
  // The KPIs change with everything that the reports show.
  useFeed(KPIS_CHANGED, { product }, { onChange: () => read({ requestPolicy: "network-only" }), onGap: () => undefined });
  const analytics = data?.licenseAnalytics;
  return (
    <div className="customer">
      <header className="customer-title">
        <h1>{t("navigation.analytics")}</h1>
        <div className="customer-actions">
          {select}
          <Segments label={t("analytics.product")} value={product} onChange={chooseProduct} options={PRODUCTS.map((id) => [id, t(`product.${id}`)])} />
        </div>
      </header>
      {filter && <KpiTiles product={product} filter={filter} weeks={analytics?.licenseTrend} />}
      {error && !analytics && <Failure error={error} onRetry={() => read({ requestPolicy: "network-only" })} />}
      {!analytics && !error && <CardsSkeleton />}
      {analytics && (
        <>
          <LicenseTrend title={t("analytics.trend")} weeks={analytics.licenseTrend} />
          <Reports
            analytics={analytics}
            most={MOST}
            onMore={(name) => setRows((present) => ({ ...present, [name]: Math.min(MOST, present[name] + 2 * PAGE_SIZE) }))}
          />
          <p className="secondary small">{t("analytics.asOf", { when: instant(analytics.asOf) })}</p>
        </>
      )}
    </div>
  );
}
