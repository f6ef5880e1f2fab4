/** What happened to a customer, the newest first; the address holds the kinds that are chosen. */
import type { CombinedError } from "@urql/core";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { useSearchParams } from "wouter";
import type { ActivityFilter, ActivityKind, CustomerActivityQuery } from "../gql/graphql";
import { CUSTOMER_EVENT_KINDS } from "../integrations/event_kinds";
import { Button } from "../ui/button";
import { Failure } from "../ui/failure";
import { FilterChip } from "../ui/filter_chip";
import { useFormats } from "../ui/formats";
import type { TabProps } from "./customer_page";
import { ACTIVITY } from "./documents";
import { CardsSkeleton, EmptyTab } from "./tab_states";

type Page = NonNullable<CustomerActivityQuery["activity"]>;

/** The events of the filter as they are loaded: the first page again after each change, the next ones on request. */
function useEvents(filter: ActivityFilter, changes: number) {
  const client = useClient();
  const [events, setEvents] = useState<Page["nodes"] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<CombinedError | undefined>();
  const [attempts, setAttempts] = useState(0);
  const read = async (after: string | null, isWanted: () => boolean) => {
    const { data, error: failure } = await client.query(ACTIVITY, { filter, after }, { requestPolicy: "network-only" }).toPromise();
    if (!isWanted()) return;
    const page = data?.activity;
    setError(page ? undefined : failure);
    if (!page) return;
    setEvents((present) => [...(after === null ? [] : (present ?? [])), ...page.nodes]);
    setNext(page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null);
  };
  const text = JSON.stringify(filter);
  useEffect(() => {
    let isCurrent = true;
    void read(null, () => isCurrent);
    return () => {
      isCurrent = false;
    };
  }, [text, changes, attempts]);
  return { events, error, loadMore: next === null ? undefined : () => void read(next, () => true), retry: () => setAttempts((count) => count + 1) };
}

export function ActivityTab({ customer, changes }: TabProps) {
  const { t } = useTranslation();
  const [parameters, setParameters] = useSearchParams();
  const kinds = parameters.getAll("kind") as ActivityKind[];
  const { events, error, loadMore, retry } = useEvents({ customer: [customer.id], ...(kinds.length ? { kind: kinds } : {}) }, changes);
  if (error && !events) return <Failure error={error} onRetry={retry} />;
  if (!events) return <CardsSkeleton />;
  const choose = (chosen: readonly string[]) =>
    setParameters((present) => {
      present.delete("kind");
      for (const kind of chosen) present.append("kind", kind);
      return present;
    });
  if (events.length === 0 && kinds.length === 0) return <EmptyTab title={t("activity.none")} text={t("activity.noneText")} />;
  return (
    <>
      <div className="query-bar timeline-query" role="search">
        <FilterChip label={t("activity.kind")} chosen={kinds} values={CUSTOMER_EVENT_KINDS.map((id) => ({ id, text: t(`kind.${id}`) }))} onChoose={choose} />
      </div>
      {events.length === 0 ? <EmptyTab title={t("activity.noMatch")} text={t("activity.noMatchText")} /> : <Timeline events={events} />}
      {loadMore && <Button onPress={loadMore}>{t("activity.more")}</Button>}
    </>
  );
}

function Timeline({ events }: { events: Page["nodes"] }) {
  const { t } = useTranslation();
  const { instant, relative } = useFormats();
  return (
    <ol className="timeline">
      {events.map((event) => (
        <li key={event.id}>
          <p>{event.summary}</p>
          <p className="secondary small" title={instant(event.at)}>
            {relative(event.at)} · {event.actor?.displayName ?? t("activity.system")}
          </p>
        </li>
      ))}
    </ol>
  );
}
