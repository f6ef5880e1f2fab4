/** Calling engagement of one week: users by usage, quality, features and queues, each with its customers. */
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { useSearchParams } from "wouter";
import { CardsSkeleton } from "../customer/tab_states";
import type { CallingEngagementQuery } from "../gql/graphql";
import { BarList } from "../ui/bar_list";
import { Failure } from "../ui/failure";
import { useFormats } from "../ui/formats";
import { TrendChart } from "../ui/trend_chart";
import { QualityTable, QueueTable, seconds, UsageTable } from "./customer_tables";
import { CALLING_ENGAGEMENT } from "./documents";
import { completedWeeks } from "./weeks";
import "../customer/customer.css";
import "../analytics/analytics.css";

type Engagement = NonNullable<CallingEngagementQuery["callingEngagement"]>;

const WEEKS = 26;

export default function CallingPage() {
  const { t } = useTranslation();
  const { date, instant } = useFormats();
  const [parameters, setParameters] = useSearchParams();
  const weeks = completedWeeks(WEEKS);
  const week = parameters.get("week") ?? "";
  const [{ data, error }, read] = useQuery({
    query: CALLING_ENGAGEMENT,
    variables: { weekStart: week || null },
    requestPolicy: "cache-and-network",
  });
  const engagement = data?.callingEngagement;
  return (
    <div className="customer">
      <header className="customer-title">
        <h1>{t("navigation.calling")}</h1>
        <label className="inline-field inline-field-wide">
          <span className="secondary">{t("chart.week")}</span>
          <select value={week} onChange={(event) => setParameters(event.target.value ? { week: event.target.value } : {})}>
            <option value="">{t("calling.latestWeek", { date: date((!week && engagement?.weekStart) || weeks[0]) })}</option>
            {weeks.slice(1).map((each) => (
              <option key={each} value={each}>
                {date(each)}
              </option>
            ))}
          </select>
        </label>
      </header>
      {error && !engagement && <Failure error={error} onRetry={() => read({ requestPolicy: "network-only" })} />}
      {!engagement && !error && <CardsSkeleton />}
      {engagement && !engagement.refreshedAt && <p className="secondary">{t("calling.notRefreshed")}</p>}
      {engagement?.refreshedAt && (
        <>
          <p className="secondary">{t("calling.refreshed", { when: instant(engagement.refreshedAt) })}</p>
          <Trends engagement={engagement} />
          <UsageTable week={engagement.weekStart} />
          <QualityTable week={engagement.weekStart} />
          <QueueTiles insights={engagement.queueInsights} />
          <QueueTable week={engagement.weekStart} />
        </>
      )}
    </div>
  );
}

function Trends({ engagement }: { engagement: Engagement }) {
  const { t } = useTranslation();
  const { number, percent } = useFormats();
  const { usersByUsageTrend: users, qualityTrend: quality, qualityByEndpoint, featureUse } = engagement;
  return (
    <>
      <TrendChart
        title={t("calling.users")}
        unit={t("calling.usersUnit")}
        weeks={users.map(({ weekStart }) => weekStart)}
        stacked={[
          { color: 1, name: t("calling.high"), values: users.map(({ high }) => high) },
          { color: 2, name: t("calling.medium"), values: users.map(({ medium }) => medium) },
          { color: 5, name: t("calling.low"), values: users.map(({ low }) => low) },
          { color: 3, name: t("calling.inactive"), values: users.map(({ inactive }) => inactive) },
        ]}
      />
      <TrendChart
        title={t("calling.quality")}
        unit={t("calling.column.calls")}
        weeks={quality.map(({ weekStart }) => weekStart)}
        stacked={[
          { color: 2, name: t("calling.good"), values: quality.map(({ good }) => good) },
          { color: 4, name: t("calling.column.poor"), values: quality.map(({ poor }) => poor) },
          { color: 3, name: t("calling.notAvailable"), values: quality.map(({ notAvailable }) => notAvailable) },
        ]}
        line={{ color: 5, name: t("calling.column.poorPercent"), unit: "%", isPercent: true, values: quality.map(({ poorPercent }) => poorPercent ?? null) }}
      />
      <div className="cards">
        <BarList
          title={t("calling.byEndpoint")}
          empty={t("calling.noCalls")}
          rows={qualityByEndpoint.map(({ endpoint, good, poor, notAvailable, poorPercent }) => ({
            name: t(`calling.endpoint.${endpoint}`),
            figures: t("calling.endpointFigures", { legs: number(good + poor + notAvailable), poor: percent(poorPercent) }),
            parts: [
              { color: 2, name: t("calling.good"), value: good },
              { color: 4, name: t("calling.column.poor"), value: poor },
              { color: 3, name: t("calling.notAvailable"), value: notAvailable },
            ],
          }))}
        />
        <BarList
          title={t("calling.features")}
          empty={t("calling.noCalls")}
          rows={featureUse.map(({ feature, calls, customers }) => ({
            name: t(`calling.feature.${feature}`),
            figures: t("calling.featureFigures", { calls: number(calls), customers: number(customers) }),
            parts: [{ color: 1, name: t("calling.column.calls"), value: calls }],
          }))}
        />
      </div>
    </>
  );
}

function QueueTiles({ insights }: { insights: Engagement["queueInsights"] }) {
  const { t } = useTranslation();
  const { number, percent } = useFormats();
  const tiles = [
    [t("calling.column.offered"), number(insights.offered)],
    [t("calling.column.abandonedPercent"), percent(insights.abandonedPercent)],
    [t("calling.column.secondsToAnswer"), seconds(insights.averageSecondsToAnswer, number)],
  ];
  return (
    <ul className="tiles" aria-label={t("calling.queues")}>
      {tiles.map(([name, value]) => (
        <li key={name} className="tile">
          <span className="secondary">{name}</span>
          <strong className="tile-figure numbers">{value}</strong>
        </li>
      ))}
    </ul>
  );
}
