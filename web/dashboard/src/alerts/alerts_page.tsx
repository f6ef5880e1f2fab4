/** Alerts: what the viewer's rules have found, and the rules. */
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import { AlertsTab } from "./alerts_tab";
import { RulesTab } from "./rules_tab";
import "../customer/customer.css";
import "../organization/organization.css";
import "./alerts.css";

const TABS = [
  { id: "alerts", Content: AlertsTab },
  { id: "rules", Content: RulesTab },
];

export default function AlertsPage() {
  const { t } = useTranslation();
  const [parameters, setParameters] = useSearchParams();
  const tab = TABS.find(({ id }) => id === parameters.get("tab"))?.id ?? "alerts";
  return (
    <div className="customer">
      <h1>{t("navigation.alerts")}</h1>
      <Tabs selectedKey={tab} onSelectionChange={(key) => setParameters({ tab: String(key) }, { replace: true })}>
        <TabList className="tabs" aria-label={t("navigation.alerts")}>
          {TABS.map(({ id }) => (
            <Tab key={id} id={id} className="tab">
              {t(`alerts.tab.${id}`)}
            </Tab>
          ))}
        </TabList>
        {TABS.map(({ id, Content }) => (
          <TabPanel key={id} id={id} className="tab-panel">
            <Content />
          </TabPanel>
        ))}
      </Tabs>
    </div>
  );
}
