/** Calling engagement of one week: users by usage, quality, features and queues, each with its customers. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { useSearchParams } from "wouter";
import { CardsSkeleton } from "../customer/tab_states";
import type { CallingEngagementQuery, CallingUsageOrderField, CallQualityOrderField, CallQueueOrderField } from "../gql/graphql";
import { BarList } from "../ui/bar_list";
import { Failure } from "../ui/failure";
import { NONE, useFormats } from "../ui/formats";
import { TrendChart } from "../ui/trend_chart";
import { CustomerFiguresTable, type TableColumn, type TableOrder } from "./customer_table";
import { CALLING_ENGAGEMENT } from "./documents";
import { completedWeeks } from "./weeks";
import "../customer/customer.css";
import "../analytics/analytics.css";

type Engagement = NonNullable<CallingEngagementQuery["callingEngagement"]>;

const FIRST = 10;
const WEEKS = 26;

const USAGE_COLUMNS: readonly TableColumn<CallingUsageOrderField>[] = [
  { name: "customer", field: "CUSTOMER_NAME" },
  { name: "activeUsers", field: "ACTIVE_USERS" },
  { name: "licensedUsers" },
  { name: "calls", field: "CALLS" },
  { name: "minutes" },
  { name: "weeklyChange", field: "WEEKLY_CHANGE_PERCENT" },
];
const QUALITY_COLUMNS: readonly TableColumn<CallQualityOrderField>[] = [
  { name: "customer", field: "CUSTOMER_NAME" },
  { name: "poor", field: "POOR" },
  { name: "poorPercent", field: "POOR_PERCENT" },
  { name: "packetLoss" },
  { name: "jitter" },
  { name: "latency" },
];
const QUEUE_COLUMNS: readonly TableColumn<CallQueueOrderField>[] = [
  { name: "customer", field: "CUSTOMER_NAME" },
  { name: "offered", field: "OFFERED" },
  { name: "answered" },
  { name: "abandonedPercent", field: "ABANDONED_PERCENT" },
  { name: "secondsToAnswer", field: "SECONDS_TO_ANSWER" },
];

export default function CallingPage() {
  const { t } = useTranslation();
  const { date, instant } = useFormats();
  const [parameters, setParameters] = useSearchParams();
  const [usageOrder, setUsageOrder] = useState<TableOrder<CallingUsageOrderField>>({ field: "CALLS", direction: "DESC" });
  const [qualityOrder, setQualityOrder] = useState<TableOrder<CallQualityOrderField>>({ field: "POOR", direction: "DESC" });
  const [queueOrder, setQueueOrder] = useState<TableOrder<CallQueueOrderField>>({ field: "OFFERED", direction: "DESC" });
  const weeks = completedWeeks(WEEKS);
  const week = parameters.get("week") ?? "";
  const [{ data, error }, read] = useQuery({
    query: CALLING_ENGAGEMENT,
    variables: { weekStart: week || null, first: FIRST, usageOrder, qualityOrder, queueOrder },
    requestPolicy: "cache-and-network",
  });
  const engagement = data?.callingEngagement;
  return (
    <div className="customer">
      <header className="customer-title">
        <h1>{t("navigation.calling")}</h1>
        <label className="inline-field">
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
          <UsageTable usage={engagement.customersByUsage} order={usageOrder} onOrder={setUsageOrder} />
          <QualityTable quality={engagement.customersByQuality} order={qualityOrder} onOrder={setQualityOrder} />
          <QueueTiles insights={engagement.queueInsights} />
          <QueueTable queues={engagement.customersByQueue} order={queueOrder} onOrder={setQueueOrder} />
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

interface TableProps<Field extends string> {
  order: TableOrder<Field>;
  onOrder(order: TableOrder<Field>): void;
}

function UsageTable({ usage, ...ordering }: TableProps<CallingUsageOrderField> & { usage: Engagement["customersByUsage"] }) {
  const { t } = useTranslation();
  const { number, percent } = useFormats();
  const rows = usage.nodes.map(({ customer, activeUsers, licensedUsers, calls, minutes, weeklyChangePercent }) => ({
    customer,
    cells: [number(activeUsers), number(licensedUsers), number(calls), number(minutes), percent(weeklyChangePercent)],
  }));
  return <CustomerFiguresTable title={t("calling.byUsage")} columns={USAGE_COLUMNS} rows={rows} total={usage.totalCount} {...ordering} />;
}

function QualityTable({ quality, ...ordering }: TableProps<CallQualityOrderField> & { quality: Engagement["customersByQuality"] }) {
  const { t } = useTranslation();
  const { number, percent } = useFormats();
  const milliseconds = (value: number | null | undefined) => (value == null ? NONE : `${number(Math.round(value))} ms`);
  const rows = quality.nodes.map((row) => ({
    customer: row.customer,
    cells: [
      number(row.poor),
      percent(row.poorPercent),
      percent(row.averagePacketLossPercent),
      milliseconds(row.averageJitterMs),
      milliseconds(row.averageLatencyMs),
    ],
  }));
  return <CustomerFiguresTable title={t("calling.byQuality")} columns={QUALITY_COLUMNS} rows={rows} total={quality.totalCount} {...ordering} />;
}

function QueueTable({ queues, ...ordering }: TableProps<CallQueueOrderField> & { queues: Engagement["customersByQueue"] }) {
  const { t } = useTranslation();
  const { number, percent } = useFormats();
  const rows = queues.nodes.map(({ customer, insights }) => ({
    customer,
    cells: [number(insights.offered), number(insights.answered), percent(insights.abandonedPercent), seconds(insights.averageSecondsToAnswer, number)],
  }));
  return <CustomerFiguresTable title={t("calling.byQueue")} columns={QUEUE_COLUMNS} rows={rows} total={queues.totalCount} {...ordering} />;
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

function seconds(value: number | null | undefined, number: (value: number) => string): string {
  return value == null ? NONE : `${number(Math.round(value))} s`;
}
