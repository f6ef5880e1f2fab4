/** What the analytics page asks of the API. */
import { graphql } from "../gql";
import type { ReportRowFragment } from "../gql/graphql";

export type ReportRow = ReportRowFragment;

export const KPIS = graphql(`
  fragment KpiCounts on PartnerKpis {
    product
    asOf
    totalCustomers { count }
    nearingExpiration { count }
    nearingRenewal { count }
    lowLicenseAssignment { count }
    overLicenseLimit { count }
  }
`);

export const READ_KPIS = graphql(`
  query Kpis($product: AnalyticsProduct, $filter: CustomerFilter) {
    kpis(product: $product, filter: $filter) { ...KpiCounts }
  }
`);

export const MONTHS_OF_KPIS = graphql(`
  query MonthsOfKpis($product: AnalyticsProduct, $filter: CustomerFilter) {
    renewalForecast(product: $product, filter: $filter, months: 12) { month renewing expiring }
  }
`);

export const KPIS_CHANGED = graphql(`
  subscription KpisChanged($product: AnalyticsProduct) {
    kpisChanged(product: $product) { ...KpiCounts }
  }
`);

export const REPORT_ROW = graphql(`
  fragment ReportRow on EntitlementReportRow {
    subscriptionId
    number
    trial
    autoRenew
    total
    assigned
    used
    available
    overage
    assignedPercent
    usedPercent
    daysSinceAdded
    daysToExpiry
    weeklyAssignmentChange
    weeklyUsageChange
    customer { id name }
  }
`);

export const LICENSE_ANALYTICS = graphql(`
  query LicenseAnalytics(
    $product: AnalyticsProduct!
    $filter: CustomerFilter
    $recentlyAdded: Int!
    $expiring: Int!
    $renewing: Int!
    $lowAssignment: Int!
    $overLimit: Int!
  ) {
    licenseAnalytics(product: $product, filter: $filter) {
      asOf
      licenseTrend(weeks: 12) { weekStart total assigned used available }
      recentlyAdded(days: 90) {
        newCustomers
        totalLicenses
        entitlements(first: $recentlyAdded) { totalCount nodes { ...ReportRow } }
      }
      expiring(days: 90) {
        expiringCustomers
        licenseAssignmentPercent
        licenseUsagePercent
        entitlements(first: $expiring) { totalCount nodes { ...ReportRow } }
      }
      renewing(days: 90) {
        renewingCustomers
        licenseAssignmentPercent
        licenseUsagePercent
        entitlements(first: $renewing) { totalCount nodes { ...ReportRow } }
      }
      lowAssignment {
        lowAssignmentCustomers
        licenseAssignmentPercent
        licenseUsagePercent
        usageWhenAssignedPercent
        unassignedLicenses
        peerGroupSize
        thresholdPercent
        entitlements(first: $lowAssignment) { totalCount nodes { ...ReportRow } }
      }
      overLimit {
        customersWithOverage
        licensesInOverage
        averageOverage
        entitlements(first: $overLimit) { totalCount nodes { ...ReportRow } }
      }
    }
  }
`);
