/** Integrations: webhooks, and lists as files. Each viewer sees what their role may use. */
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import type { Permission } from "../gql/graphql";
import { useViewer } from "../session/viewer";
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
  const [parameters, setParameters] = useSearchParams();
  const tabs = TABS.filter(({ permission }) => permissions.includes(permission));
  const tab = tabs.find(({ id }) => id === parameters.get("tab")) ?? tabs[0];
  if (!tab) return null;
  return (
    <div className="customer">
      <h1>{t("navigation.integrations")}</h1>
      <Tabs selectedKey={tab.id} onSelectionChange={(key) => setParameters({ tab: String(key) }, { replace: true })}>
        <TabList className="tabs" aria-label={t("navigation.integrations")}>
          {tabs.map(({ id }) => (
            <Tab key={id} id={id} className="tab">
              {t(`integrations.tab.${id}`)}
            </Tab>
          ))}
        </TabList>
        {tabs.map(({ id, Content }) => (
          <TabPanel key={id} id={id} className="tab-panel">
            <Content />
          </TabPanel>
        ))}
      </Tabs>
    </div>
  );
}
