/** The three tables of customers: by usage, by quality, by call queue. Each is read, ordered and extended by itself. */
import type { TypedDocumentNode } from "@urql/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import type { CallingUsageOrderField, CallQualityOrderField, CallQueueOrderField, OrderDirection } from "../gql/graphql";
import { NONE, useFormats } from "../ui/formats";
import { CustomerFiguresTable, type TableColumn, type TableOrder } from "./customer_table";
import { CUSTOMERS_BY_QUALITY, CUSTOMERS_BY_QUEUE, CUSTOMERS_BY_USAGE } from "./documents";

const PAGE_SIZE = 10;
const MOST = 200;

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

interface TableVariables<Field> {
  weekStart?: string | null;
  first: number;
  orderBy?: { field: Field; direction: OrderDirection } | null;
}

/** Reads one table; the first order is by `field`, the largest first. */
function useTable<Data, Field extends string>(query: TypedDocumentNode<Data, TableVariables<Field>>, week: string, field: Field) {
  const [order, onOrder] = useState<TableOrder<Field>>({ field, direction: "DESC" });
  const [first, setFirst] = useState(PAGE_SIZE);
  const [{ data }] = useQuery({ query, variables: { weekStart: week, first, orderBy: order }, requestPolicy: "cache-and-network" });
  const onMore = first < MOST ? () => setFirst((count) => Math.min(MOST, count + 2 * PAGE_SIZE)) : undefined;
  return { data, order, onOrder, onMore };
}

export function UsageTable({ week }: { week: string }) {
  const { t } = useTranslation();
  const { number, percent } = useFormats();
  const { data, ...table } = useTable(CUSTOMERS_BY_USAGE, week, "CALLS" as CallingUsageOrderField);
  const usage = data?.callingEngagement?.customersByUsage;
  const rows = usage?.nodes.map(({ customer, activeUsers, licensedUsers, calls, minutes, weeklyChangePercent }) => ({
    customer,
    cells: [number(activeUsers), number(licensedUsers), number(calls), number(minutes), percent(weeklyChangePercent)],
  }));
  return <CustomerFiguresTable title={t("calling.byUsage")} columns={USAGE_COLUMNS} rows={rows} total={usage?.totalCount ?? 0} {...table} />;
}

export function QualityTable({ week }: { week: string }) {
  const { t } = useTranslation();
  const { number, percent } = useFormats();
  const { data, ...table } = useTable(CUSTOMERS_BY_QUALITY, week, "POOR" as CallQualityOrderField);
  const quality = data?.callingEngagement?.customersByQuality;
  const milliseconds = (value: number | null | undefined) => (value == null ? NONE : `${number(Math.round(value))} ms`);
  const rows = quality?.nodes.map((row) => ({
    customer: row.customer,
    cells: [number(row.poor), percent(row.poorPercent), percent(row.averagePacketLossPercent), milliseconds(row.averageJitterMs), milliseconds(row.averageLatencyMs)],
  }));
  return <CustomerFiguresTable title={t("calling.byQuality")} columns={QUALITY_COLUMNS} rows={rows} total={quality?.totalCount ?? 0} {...table} />;
}

export function QueueTable({ week }: { week: string }) {
  const { t } = useTranslation();
  const { number, percent } = useFormats();
  const { data, ...table } = useTable(CUSTOMERS_BY_QUEUE, week, "OFFERED" as CallQueueOrderField);
  const queues = data?.callingEngagement?.customersByQueue;
  const rows = queues?.nodes.map(({ customer, insights }) => ({
    customer,
    cells: [number(insights.offered), number(insights.answered), percent(insights.abandonedPercent), seconds(insights.averageSecondsToAnswer, number)],
  }));
  return <CustomerFiguresTable title={t("calling.byQueue")} columns={QUEUE_COLUMNS} rows={rows} total={queues?.totalCount ?? 0} {...table} />;
}

export function seconds(value: number | null | undefined, number: (value: number) => string): string {
  return value == null ? NONE : `${number(Math.round(value))} s`;
}
