/** What happened to a customer, the newest first. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import type { CustomerActivityQuery } from "../gql/graphql";
import { Button } from "../ui/button";
import { useFormats } from "../ui/formats";
import type { TabProps } from "./customer_page";
import { ACTIVITY } from "./documents";
import { CardsSkeleton, EmptyTab } from "./tab_states";

type Page = NonNullable<NonNullable<CustomerActivityQuery["customer"]>["activity"]>;

export function ActivityTab({ customer, changes }: TabProps) {
  const { t } = useTranslation();
  const { instant, relative } = useFormats();
  const client = useClient();
  const [events, setEvents] = useState<Page["nodes"] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const read = async (after: string | null) => {
    const { data } = await client.query(ACTIVITY, { id: customer.id, after }, { requestPolicy: "network-only" }).toPromise();
    return data?.customer?.activity;
  };
  useEffect(() => {
    let isCurrent = true;
    void read(null).then((page) => {
      if (!isCurrent || !page) return;
      setEvents(page.nodes);
      setNext(page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null);
    });
    return () => {
      isCurrent = false;
    };
  }, [customer.id, changes]);
  const loadMore = async () => {
    const page = await read(next);
    if (!page) return;
    setEvents((present) => [...(present ?? []), ...page.nodes]);
    setNext(page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null);
  };
  if (!events) return <CardsSkeleton />;
  if (events.length === 0) return <EmptyTab title={t("activity.none")} text={t("activity.noneText")} />;
  return (
    <>
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
      {next && <Button onPress={() => void loadMore()}>{t("activity.more")}</Button>}
    </>
  );
}
