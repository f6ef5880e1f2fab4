/** What the page of calling engagement asks of the API. */
import { graphql } from "../gql";

export const CALLING_ENGAGEMENT = graphql(`
  query CallingEngagement(
    $weekStart: Date
    $first: Int!
    $usageOrder: CallingUsageOrder
    $qualityOrder: CallQualityOrder
    $queueOrder: CallQueueOrder
  ) {
    callingEngagement(weekStart: $weekStart) {
      weekStart
      weekEnd
      refreshedAt
      usersByUsageTrend(weeks: 8) { weekStart inactive low medium high }
      qualityTrend(weeks: 8) { weekStart good poor notAvailable poorPercent }
      qualityByEndpoint { endpoint good poor notAvailable poorPercent }
      featureUse { feature calls customers }
      queueInsights { offered answered abandoned averageSecondsToAnswer abandonedPercent }
      customersByUsage(first: $first, orderBy: $usageOrder) {
        totalCount
        nodes { activeUsers licensedUsers calls minutes weeklyChangePercent customer { id name } }
      }
      customersByQuality(first: $first, orderBy: $qualityOrder) {
        totalCount
        nodes { good poor poorPercent averagePacketLossPercent averageJitterMs averageLatencyMs customer { id name } }
      }
      customersByQueue(first: $first, orderBy: $queueOrder) {
        totalCount
        nodes { insights { offered answered abandonedPercent averageSecondsToAnswer } customer { id name } }
      }
    }
  }
`);
