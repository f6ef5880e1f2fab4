/** Integrations: webhooks, and lists as files. Each viewer sees what their role may use. */
import { useTranslation } from "react-i18next";
import type { Permission } from "../gql/graphql";
import { useViewer } from "../session/viewer";
import { PageTabs } from "../ui/page_tabs";
import { ExportsTab } from "./exports_tab";
import { WebhooksTab } from "./webhooks_tab";
import "../customer/customer.css";
import "./integrations.css";

const TABS: readonly { id: string; permission: Permission; Content: React.ComponentType }[] = [
  { id: "webhooks", permission: "MANAGE_INTEGRATIONS", Content: WebhooksTab },
  { id: "exports", permission: "READ_CUSTOMERS", Content: ExportsTab },
];

export default function IntegrationsPage() {
  const { t } = useTranslation();
  const { permissions } = useViewer();
  const permitted = TABS.filter(({ permission }) => permissions.includes(permission));
  if (!permitted.length) return null;
  const tabs = permitted.map(({ id, Content }) => ({ id, name: t(`integrations.tab.${id}`), content: <Content /> }));
  return (
    <div className="customer">
      <h1>{t("navigation.integrations")}</h1>
      <PageTabs label={t("navigation.integrations")} tabs={tabs} />
    </div>
  );
}
