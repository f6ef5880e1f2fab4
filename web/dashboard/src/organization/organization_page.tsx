/** The partner's organization: setup, profile, administrators, roles, services, settings. */
import { useTranslation } from "react-i18next";
import { useFollowed } from "../api/followed";
import { PageSkeleton } from "../frame/frame_skeleton";
import { TagsTab } from "../tags/tags_tab";
import { Failure } from "../ui/failure";
import { PageTabs, useOpenTab } from "../ui/page_tabs";
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
  { id: "tags", Content: TagsTab },
  { id: "services", Content: ServicesTab },
  { id: "settings", Content: SettingsTab },
];

export default function OrganizationPage() {
  const { t } = useTranslation();
  const openTab = useOpenTab();
  const [{ data, error }, refresh] = useFollowed(ORGANIZATION, {}, ["ORGANIZATION_CHANGED", "TERMS_ACCEPTED", "SETUP_STEP_COMPLETED", "SERVICE_CHANGED", "SETTINGS_CHANGED"]);
  if (error && !data) return <Failure error={error} onRetry={refresh} />;
  if (!data) return <PageSkeleton />;
  const { partner } = data.viewer;
  const first = partner.setup.state === "COMPLETE" ? "profile" : "setup";
  const tabs = TABS.map(({ id, Content }) => ({
    id,
    name: t(`organization.tab.${id}`),
    content: <Content partner={partner} openTab={openTab} />,
  }));
  return (
    <div className="customer">
      <h1>{t("navigation.organization")}</h1>
      <PageTabs label={t("navigation.organization")} tabs={tabs} initial={first} />
    </div>
  );
}
