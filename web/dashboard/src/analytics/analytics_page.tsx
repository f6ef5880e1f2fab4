/** Analytics: five KPI tiles, the licence trend, and the five reports, all of one product. */
import { useState } from "react";
import { Radio, RadioGroup } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { useSearchParams } from "wouter";
import { useFeed } from "../api/feeds";
import { TAGS } from "../customers/documents";
import type { AnalyticsProduct, CustomerFilter } from "../gql/graphql";
import { Failure } from "../ui/failure";
import { useFormats } from "../ui/formats";
import { LicenseTrend } from "../ui/license_trend";
import { KPIS_CHANGED, LICENSE_ANALYTICS } from "./documents";
import { KpiTiles } from "./kpi_tiles";
import { Reports } from "./reports";
import { CardsSkeleton } from "../customer/tab_states";
import "../customer/customer.css";
import "./analytics.css";

const PRODUCTS: readonly AnalyticsProduct[] = ["MEETINGS", "CALLING"];
const FIRST = 10;

export default function AnalyticsPage() {
  const { t } = useTranslation();
  const { instant } = useFormats();
  const [parameters, setParameters] = useSearchParams();
  const product: AnalyticsProduct = parameters.get("product") === "CALLING" ? "CALLING" : "MEETINGS";
  const tag = parameters.get("tag") ?? "";
  const [filter, setFilter] = useState<CustomerFilter>(() => (tag ? { tag: [tag] } : {}));
  const choose = (name: string, value: string) =>
    setParameters((present) => {
      if (value) present.set(name, value);
      else present.delete(name);
      return present;
    });
  const [{ data, error }, read] = useQuery({
    query: LICENSE_ANALYTICS,
    variables: { product, filter, first: FIRST },
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
          <TagFilter
            chosen={tag}
            onChoose={(id) => {
              choose("tag", id);
              setFilter(id ? { tag: [id] } : {});
            }}
          />
          <RadioGroup className="segments" aria-label={t("analytics.product")} orientation="horizontal" value={product} onChange={(value) => choose("product", value)}>
            {PRODUCTS.map((each) => (
              <Radio key={each} value={each} className="segment">
                {t(`product.${each}`)}
              </Radio>
            ))}
          </RadioGroup>
        </div>
      </header>
      <KpiTiles product={product} filter={filter} />
      {error && !analytics && <Failure error={error} onRetry={() => read({ requestPolicy: "network-only" })} />}
      {!analytics && !error && <CardsSkeleton />}
      {analytics && (
        <>
          <LicenseTrend title={t("analytics.trend")} weeks={analytics.licenseTrend} />
          <Reports analytics={analytics} />
          <p className="secondary small">{t("analytics.asOf", { when: instant(analytics.asOf) })}</p>
        </>
      )}
    </div>
  );
}

function TagFilter({ chosen, onChoose }: { chosen: string; onChoose(id: string): void }) {
  const { t } = useTranslation();
  const [{ data }] = useQuery({ query: TAGS, variables: { search: null } });
  return (
    <label className="inline-field">
      <span className="secondary">{t("filter.tag")}</span>
      <select value={chosen} onChange={(event) => onChoose(event.target.value)}>
        <option value="">{t("analytics.allCustomers")}</option>
        {data?.tags?.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
