/** One customer: who it is, every status with its reason, and tabs for what belongs to it. */
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useParams } from "wouter";
import { useQuery } from "urql";
import { useFeed } from "../api/feeds";
import { useFirstCursor } from "../api/followed";
import { TAG_CHANGED } from "../customers/documents";
import { listAddress } from "../customers/last_list";
import TagDialog from "../customers/tag_dialog";
import { isOccupied } from "../frame/frame_keys";
import { PageSkeleton } from "../frame/frame_skeleton";
import type { Permission } from "../gql/graphql";
import { useViewer } from "../session/viewer";
import { Failure } from "../ui/failure";
import { PageTabs } from "../ui/page_tabs";
import { ActivityTab } from "./activity_tab";
import { AdministratorsTab } from "./administrators_tab";
import { CustomerHeader } from "./customer_header";
import { CUSTOMER, CUSTOMER_CHANGED } from "./documents";
import { SubscriptionsTab } from "./subscriptions_tab";
import { TrendsTab } from "./trends_tab";
import { TrialsTab } from "./trials_tab";
import "./customer.css";

/** What each tab gets: the customer, and a number that grows with each change, so that it reads its part again. */
export interface TabProps {
  customer: { id: string; name: string };
  changes: number;
}

const TABS: readonly { id: string; Content: React.ComponentType<TabProps>; permission?: Permission }[] = [
  { id: "subscriptions", Content: SubscriptionsTab },
  { id: "trials", Content: TrialsTab },
  { id: "administrators", Content: AdministratorsTab },
  { id: "trends", Content: TrendsTab, permission: "READ_ANALYTICS" },
  { id: "activity", Content: ActivityTab, permission: "READ_ACTIVITY" },
];

export default function CustomerPage() {
  const { t } = useTranslation();
  const { id } = useParams<{ id: string }>();
  const { permissions } = useViewer();
  const [changes, setChanges] = useState(0);
  const [isTagging, setTagging] = useState(false);
  const [{ data, error, fetching }, read] = useQuery({ query: CUSTOMER, variables: { id } });
  const customer = data?.customer;
  const refresh = useCallback(() => {
    read({ requestPolicy: "network-only" });
    setChanges((count) => count + 1);
  }, [read]);
  const [after, expire] = useFirstCursor(data?.feedCursor);
  useFeed(CUSTOMER_CHANGED, customer && after ? { search: customer.externalId, after } : null, {
    onChange: ({ customerListChanged }) => customerListChanged.customerId === id && refresh(),
    onGap() {
      expire();
      refresh();
    },
  });
  useEscape();
  useFeed(TAG_CHANGED, customer && after ? { after } : null, {
    onChange: ({ tagChanged }) => customer?.tags.some((tag) => tag.id === tagChanged.tagId) && refresh(),
    onGap: expire,
  });
  if (error && !customer) return <Failure error={error} onRetry={refresh} />;
  if (!data || (fetching && !customer)) return <PageSkeleton />;
  if (!customer) return <Unknown />;
  const permitted = TABS.filter(({ permission }) => !permission || permissions.includes(permission));
  const tabs = permitted.map(({ id: tab, Content }) => ({
    id: tab,
    name: t(`customer.tab.${tab}`),
    content: <Content customer={customer} changes={changes} />,
  }));
  return (
    <div className="customer">
      <CustomerHeader customer={customer} onTag={() => setTagging(true)} onChanged={refresh} />
      <PageTabs label={customer.name} tabs={tabs} />
      {isTagging && (
        <TagDialog task={{ kind: "assign", ids: [id] }} onClose={() => setTagging(false)} onChanged={refresh} />
      )}
    </div>
  );
}

/** Escape leads back to the list, where it closes nothing. */
function useEscape(): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && !isOccupied(event) && navigate(listAddress());
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [navigate]);
}

function Unknown() {
  const { t } = useTranslation();
  return (
    <div className="empty">
      <h1>{t("customer.unknown")}</h1>
      <p className="secondary">{t("customer.unknownText")}</p>
      <Link to="/customers">{t("notFound.link")}</Link>
    </div>
  );
}
