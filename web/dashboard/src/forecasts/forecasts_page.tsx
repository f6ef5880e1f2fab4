/** Forecasts: what ends or renews in each month, and entitlements with more licenses than they need. */
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { useSearchParams } from "wouter";
import { useCustomerFilter } from "../analytics/customer_filter";
import { useFeed } from "../api/feeds";
import { KPIS_CHANGED } from "../analytics/documents";
import { CardsSkeleton } from "../customer/tab_states";
import type { AnalyticsProduct, CustomerFilter } from "../gql/graphql";
import { Failure } from "../ui/failure";
import { Segments } from "../ui/segments";
import { TrendChart } from "../ui/trend_chart";
import { RENEWAL_FORECAST } from "./documents";
import { MonthTable } from "./month_table";
import { SizingSection } from "./sizing_section";
import "../customer/customer.css";
import "../analytics/analytics.css";

const PRODUCTS: readonly AnalyticsProduct[] = ["MEETINGS", "CALLING"];
const ALL = "ALL";

export default function ForecastsPage() {
  const { t } = useTranslation();
  const [parameters, setParameters] = useSearchParams();
  const product = PRODUCTS.find((id) => id === parameters.get("product")) ?? null;
  const { filter, select } = useCustomerFilter();
  const choose = (value: string) =>
    setParameters((present) => {
      present.set("product", value);
      return present;
    });
  return (
    <div className="customer">
      <header className="customer-title">
        <h1>{t("navigation.forecasts")}</h1>
        <div className="customer-actions">
          {select}
          <Segments label={t("analytics.product")} value={product ?? ALL} onChange={choose} options={[[ALL, t("forecasts.allProducts")], ...PRODUCTS.map((id): [string, string] => [id, t(`product.${id}`)])]} />
        </div>
      </header>
      {filter ? <Forecast product={product} filter={filter} /> : <CardsSkeleton />}
      {filter && (product ? <SizingSection key={product} product={product} filter={filter} /> : PRODUCTS.map((each) => <SizingSection key={each} product={each} filter={filter} />))}
    </div>
  );
}

function Forecast({ product, filter }: { product: AnalyticsProduct | null; filter: CustomerFilter }) {
  const { t } = useTranslation();
  const [{ data, error }, read] = useQuery({ query: RENEWAL_FORECAST, variables: { product, filter }, requestPolicy: "cache-and-network" });
  const refresh = () => read({ requestPolicy: "network-only" });
  // The KPIs change with everything that the forecast counts.
  useFeed(KPIS_CHANGED, { product: product ?? "MEETINGS" }, { onChange: refresh, onGap: () => undefined });
  const months = data?.renewalForecast;
  if (error && !months) return <Failure error={error} onRetry={refresh} />;
  if (!months) return <CardsSkeleton />;
  return (
    <>
      <TrendChart
        title={t("forecasts.title")}
        unit={t("forecasts.entitlements")}
        period="month"
        weeks={months.map(({ month }) => month)}
        stacked={[
          { color: 1, name: t("forecasts.renewing"), values: months.map(({ renewing }) => renewing) },
          { color: 4, name: t("forecasts.expiring"), values: months.map(({ expiring }) => expiring) },
        ]}
      />
      <MonthTable months={months} />
    </>
  );
}
