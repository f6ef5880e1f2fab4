/** The partner's organization: setup, profile, administrators, roles, services, settings. */
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import { useFollowed } from "../api/followed";
import { PageSkeleton } from "../frame/frame_skeleton";
import { Failure } from "../ui/failure";
import { AdministratorsTab } from "./administrators_tab";
import { ORGANIZATION, type Partner } from "./documents";
import { ProfileTab } from "./profile_tab";
import { RolesTab } from "./roles_tab";
import { ServicesTab } from "./services_tab";
import { SettingsTab } from "./settings_tab";
import { SetupTab } from "./setup_tab";
import "../customer/customer.css";
import "./organization.css";

/** What each tab gets; a mutation's answer changes the partner by itself. */
export interface TabProps {
  partner: Partner;
  openTab(id: string): void;
}

const TABS: readonly { id: string; Content: React.ComponentType<TabProps> }[] = [
  { id: "setup", Content: SetupTab },
  { id: "profile", Content: ProfileTab },
  { id: "administrators", Content: AdministratorsTab },
  { id: "roles", Content: RolesTab },
  { id: "services", Content: ServicesTab },
  { id: "settings", Content: SettingsTab },
];

export default function OrganizationPage() {
  const { t } = useTranslation();
  const [parameters, setParameters] = useSearchParams();
  const [{ data, error }, refresh] = useFollowed(ORGANIZATION, {}, ["ORGANIZATION_CHANGED", "TERMS_ACCEPTED", "SETUP_STEP_COMPLETED", "SERVICE_CHANGED", "SETTINGS_CHANGED"]);
  if (error && !data) return <Failure error={error} onRetry={refresh} />;
  if (!data) return <PageSkeleton />;
  const { partner } = data.viewer;
  const asked = parameters.get("tab");
  const first = partner.setup.state === "COMPLETE" ? "profile" : "setup";
  const tab = TABS.some(({ id }) => id === asked) && asked ? asked : first;
  const openTab = (id: string) => setParameters({ tab: id }, { replace: true });
  return (
    <div className="customer">
      <h1>{t("navigation.organization")}</h1>
      <Tabs selectedKey={tab} onSelectionChange={(key) => openTab(String(key))}>
        <TabList className="tabs" aria-label={t("navigation.organization")}>
          {TABS.map(({ id }) => (
            <Tab key={id} id={id} className="tab">
              {t(`organization.tab.${id}`)}
            </Tab>
          ))}
        </TabList>
        {TABS.map(({ id, Content }) => (
          <TabPanel key={id} id={id} className="tab-panel">
            <Content partner={partner} openTab={openTab} />
          </TabPanel>
        ))}
      </Tabs>
    </div>
  );
}
