/**
 * The small trend of each KPI. The API counts the customers of a KPI at present only, so a tile shows the figure that it
 * has by week or by month and that moves the KPI: licenses of past weeks, entitlements of coming months.
 */
import type { LicenseWeek } from "../ui/license_trend";
import type { KpiKind } from "../gql/graphql";

export interface KpiTrend {
  kind: "line" | "columns";
  values: readonly number[];
}

interface Months {
  readonly expiring: number;
  readonly renewing: number;
}

/** Nothing for figures that are not there yet. */
export function kpiTrend(kpi: KpiKind, weeks: readonly LicenseWeek[] | undefined, months: readonly Months[] | undefined): KpiTrend | undefined {
  if (kpi === "NEARING_EXPIRATION") return months && { kind: "columns", values: months.map(({ expiring }) => expiring) };
  if (kpi === "NEARING_RENEWAL") return months && { kind: "columns", values: months.map(({ renewing }) => renewing) };
  if (!weeks || weeks.length < 2) return undefined;
  return { kind: "line", values: weeks.map(OF_WEEK[kpi]) };
}

const OF_WEEK: Record<Exclude<KpiKind, "NEARING_EXPIRATION" | "NEARING_RENEWAL">, (week: LicenseWeek) => number> = {
  TOTAL_CUSTOMERS: ({ total }) => total,
  LOW_LICENSE_ASSIGNMENT: ({ available }) => available,
  // What is available is Σ max(0, total − assigned), so this is Σ max(0, assigned − total).
  OVER_LICENSE_LIMIT: ({ total, assigned, available }) => assigned - total + available,
};
