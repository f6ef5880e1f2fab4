/** What the page of forecasts asks of the API. */
import { graphql } from "../gql";
import type { RenewalForecastQuery, RightSizingQuery } from "../gql/graphql";

export type Month = NonNullable<RenewalForecastQuery["renewalForecast"]>[number];
export type Sizing = NonNullable<RightSizingQuery["rightSizing"]>["nodes"][number];

export const RENEWAL_FORECAST = graphql(`
  query RenewalForecast($product: AnalyticsProduct, $filter: CustomerFilter) {
    renewalForecast(product: $product, filter: $filter, months: 12) {
      month
      renewing
      expiring
      licenses
      unassigned
      unused
      value { amount currency }
    }
  }
`);

export const RIGHT_SIZING = graphql(`
  query RightSizing($product: AnalyticsProduct!, $filter: CustomerFilter, $days: Int!, $first: Int!) {
    rightSizing(product: $product, filter: $filter, days: $days, first: $first) {
      totalCount
      nodes {
        total
        assigned
        usedLastThreeMonths
        suggestedTotal
        entitlement {
          id
          endsAt
          customer { id name }
          ... on CustomerSubscription { number }
          ... on Trial { number }
        }
      }
    }
  }
`);
