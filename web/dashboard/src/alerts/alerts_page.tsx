/** Alerts: what the viewer's rules have found, and the rules. */
import { useTranslation } from "react-i18next";
import { PageTabs } from "../ui/page_tabs";
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
  const tabs = TABS.map(({ id, Content }) => ({ id, name: t(`alerts.tab.${id}`), content: <Content /> }));
  return (
    <div className="customer">
      <h1>{t("navigation.alerts")}</h1>
      <PageTabs label={t("navigation.alerts")} tabs={tabs} />
    </div>
  );
}
