/** What the widgets ask of the API. tests/web/test_widgets.py validates each text. */

export const KPIS = `subscription WidgetKpis($product: AnalyticsProduct) {
  kpisChanged(product: $product) {
    totalCustomers { count } nearingExpiration { count } nearingRenewal { count }
    lowLicenseAssignment { count } overLicenseLimit { count }
  }
}`;

export const CUSTOMERS = `query WidgetCustomers($filter: CustomerFilter, $first: Int!) {
  feedCursor
  customers(filter: $filter, orderBy: { field: URGENCY }, first: $first) {
    totalCount
    nodes { id name sortName urgency statusDetails { status reason } }
    pageInfo { hasNextPage }
  }
}`;

export const CUSTOMERS_CHANGED = `subscription WidgetCustomersChanged($filter: CustomerFilter, $after: String) {
  customerListChanged(filter: $filter, after: $after) {
    cursor kind customerId
    customer { id name sortName urgency statusDetails { status reason } }
  }
}`;

export const TREND = `query WidgetTrend($product: AnalyticsProduct!, $weeks: Int!) {
  licenseAnalytics(product: $product) { licenseTrend(weeks: $weeks) { weekStart total assigned used available } }
}`;

export const ACTIVITY = `query WidgetActivity($first: Int!) {
  feedCursor
  activity(first: $first) { nodes { id at summary customer { id name } } }
}`;

export const ACTIVITY_ADDED = `subscription WidgetActivityAdded($after: String) {
  activity(after: $after) { cursor event { id at summary customer { id name } } }
}`;
