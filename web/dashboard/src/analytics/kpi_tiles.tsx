/** The five KPIs. Each opens the customers behind it, and changes by itself. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { Link } from "wouter";
import { useFeed } from "../api/feeds";
import { writeFilter } from "../customers/filters";
import type { AnalyticsProduct, CustomerFilter, KpiCountsFragment, KpiKind } from "../gql/graphql";
import { useFormats } from "../ui/formats";
import type { LicenseWeek } from "../ui/license_trend";
import { Sparkline } from "../ui/sparkline";
import { KPIS_CHANGED, MONTHS_OF_KPIS, READ_KPIS } from "./documents";
import { type KpiTrend, kpiTrend } from "./kpi_trends";

type KpiName = Exclude<keyof KpiCountsFragment, "product" | "asOf" | "__typename">;

const TILES: readonly { name: KpiName; kind: KpiKind }[] = [
  { name: "totalCustomers", kind: "TOTAL_CUSTOMERS" },
  { name: "nearingExpiration", kind: "NEARING_EXPIRATION" },
  { name: "nearingRenewal", kind: "NEARING_RENEWAL" },
  { name: "lowLicenseAssignment", kind: "LOW_LICENSE_ASSIGNMENT" },
  { name: "overLicenseLimit", kind: "OVER_LICENSE_LIMIT" },
];

interface Props {
  product: AnalyticsProduct;
  filter: CustomerFilter;
  /** Undefined while they are read. */
  weeks: readonly LicenseWeek[] | undefined;
}

export function KpiTiles({ product, filter, weeks }: Props) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const isFiltered = Object.keys(filter).length > 0;
  const [{ data }, read] = useQuery({ query: READ_KPIS, variables: { product, filter }, requestPolicy: "cache-and-network" });
  const [months, readMonths] = useQuery({ query: MONTHS_OF_KPIS, variables: { product, filter }, requestPolicy: "cache-and-network" });
  const [live, setLive] = useState<KpiCountsFragment | null>(null);
  useFeed(KPIS_CHANGED, { product }, {
    onChange({ kpisChanged }) {
      // The feed is of all customers; filtered figures are read again.
      if (isFiltered) read({ requestPolicy: "network-only" });
      else setLive(kpisChanged);
      readMonths({ requestPolicy: "network-only" });
    },
    onGap: () => undefined,
  });
  const kpis = !isFiltered && live?.product === product ? live : data?.kpis;
  return (
    <ul className="tiles">
      {TILES.map(({ name, kind }) => (
        <li key={name}>
          <Link href={`/customers?${writeFilter({ ...filter, kpi: { kind, product } })}`} className="tile">
            <span className="secondary">{t(`kpi.${kind}`)}</span>
            {kpis ? <strong className="tile-figure numbers">{number(kpis[name].count)}</strong> : <span className="skeleton tile-skeleton" />}
            <TileTrend kind={kind} trend={kpiTrend(kind, weeks, months.data?.renewalForecast ?? undefined)} />
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** It keeps its place while its figures are read. */
function TileTrend({ kind, trend }: { kind: KpiKind; trend: KpiTrend | undefined }) {
  const { t } = useTranslation();
  return (
    <span className="tile-trend">
      {trend && (
        <>
          <Sparkline {...trend} />
          <span className="secondary small">{t(`analytics.trendOf.${kind}`)}</span>
        </>
      )}
    </span>
  );
}
