/** What the page of calling engagement asks of the API. */
import { graphql } from "../gql";

export const CALLING_ENGAGEMENT = graphql(`
  query CallingEngagement($weekStart: Date) {
    callingEngagement(weekStart: $weekStart) {
      weekStart
      weekEnd
      refreshedAt
      usersByUsageTrend(weeks: 8) { weekStart inactive low medium high }
      qualityTrend(weeks: 8) { weekStart good poor notAvailable poorPercent }
      qualityByEndpoint { endpoint good poor notAvailable poorPercent }
      featureUse { feature calls customers }
      queueInsights { offered answered abandoned averageSecondsToAnswer abandonedPercent }
    }
  }
`);

/** Each table is read by itself, so that another order or more rows of one do not read the others again. */
export const CUSTOMERS_BY_USAGE = graphql(`
  query CustomersByUsage($weekStart: Date, $first: Int!, $orderBy: CallingUsageOrder) {
    callingEngagement(weekStart: $weekStart) {
      customersByUsage(first: $first, orderBy: $orderBy) {
        totalCount
        nodes { activeUsers licensedUsers calls minutes weeklyChangePercent customer { id name } }
      }
    }
  }
`);

export const CUSTOMERS_BY_QUALITY = graphql(`
  query CustomersByQuality($weekStart: Date, $first: Int!, $orderBy: CallQualityOrder) {
    callingEngagement(weekStart: $weekStart) {
      customersByQuality(first: $first, orderBy: $orderBy) {
        totalCount
        nodes { poor poorPercent averagePacketLossPercent averageJitterMs averageLatencyMs customer { id name } }
      }
    }
  }
`);

export const CUSTOMERS_BY_QUEUE = graphql(`
  query CustomersByQueue($weekStart: Date, $first: Int!, $orderBy: CallQueueOrder) {
    callingEngagement(weekStart: $weekStart) {
      customersByQueue(first: $first, orderBy: $orderBy) {
        totalCount
        nodes { insights { offered answered abandonedPercent averageSecondsToAnswer } customer { id name } }
      }
    }
  }
`);
