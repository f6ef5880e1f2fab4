/** Entitlements that end or renew soon and have more licenses than they need, with the number that would do. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { Link } from "wouter";
import { CardsSkeleton } from "../customer/tab_states";
import type { AnalyticsProduct, CustomerFilter } from "../gql/graphql";
import { Button } from "../ui/button";
import { type Column, DataTable } from "../ui/data_table";
import { Failure } from "../ui/failure";
import { useFormats } from "../ui/formats";
import { RIGHT_SIZING, type Sizing } from "./documents";

const PAGE_SIZE = 10;
const MOST = 200;
const DAYS = [30, 90, 180, 365];

export function SizingSection({ product, filter }: { product: AnalyticsProduct; filter: CustomerFilter }) {
  const { t } = useTranslation();
  const [days, setDays] = useState(90);
  const [first, setFirst] = useState(PAGE_SIZE);
  const [{ data, error }, read] = useQuery({ query: RIGHT_SIZING, variables: { product, filter, days, first }, requestPolicy: "cache-and-network" });
  const found = data?.rightSizing;
  const title = t("forecasts.sizing", { product: t(`product.${product}`) });
  return (
    <section className="report" aria-label={title}>
      <div className="customer-title">
        <h2>{title}</h2>
        <label className="inline-field">
          <span className="secondary">{t("forecasts.within")}</span>
          <select value={days} onChange={(event) => setDays(Number(event.target.value))}>
            {DAYS.map((count) => (
              <option key={count} value={count}>
                {t("filter.days", { count })}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p className="secondary">{t("forecasts.sizingRule")}</p>
      {error && !found && <Failure error={error} onRetry={() => read({ requestPolicy: "network-only" })} />}
      {!found && !error && <CardsSkeleton />}
      {found?.totalCount === 0 && <p className="secondary">{t("forecasts.nothing")}</p>}
      {found && found.nodes.length > 0 && <SizingTable title={title} rows={found.nodes} />}
      {found && found.totalCount > found.nodes.length && (
        <p className="report-more">
          <span className="secondary small">{t("report.more", { shown: found.nodes.length, total: found.totalCount })}</span>
          {first < MOST && (
            <Button kind="quiet" onPress={() => setFirst((count) => Math.min(MOST, count + 2 * PAGE_SIZE))}>
              {t("report.showMore")}
            </Button>
          )}
        </p>
      )}
    </section>
  );
}

function SizingTable({ title, rows }: { title: string; rows: readonly Sizing[] }) {
  const { t } = useTranslation();
  const { date, number, relative } = useFormats();
  return (
    <DataTable
      label={title}
      columns={[
        t("report.column.customer"),
        t("report.column.entitlement"),
        t("forecasts.ends"),
        ...["total", "assigned", "usedLastThreeMonths", "suggestedTotal"].map((name): Column => ({ name: t(`forecasts.column.${name}`), kind: "number" })),
      ]}
      rows={rows.map(({ entitlement: { __typename: type, id, number: name, endsAt, customer }, ...counts }) => ({
        id,
        cells: [
          <Link href={`/customers/${customer.id}`}>{customer.name}</Link>,
          <>
            {name} <span className="secondary small">{t(type === "Trial" ? "subscriptionType.TRIAL" : "subscriptionType.SUBSCRIPTION")}</span>
          </>,
          <span title={date(endsAt)}>{relative(endsAt)}</span>,
          ...([counts.total, counts.assigned, counts.usedLastThreeMonths].map(number)),
          <>
            <span className="secondary small">−{number(counts.total - counts.suggestedTotal)}</span> <strong>{number(counts.suggestedTotal)}</strong>
          </>,
        ],
      }))}
    />
  );
}
