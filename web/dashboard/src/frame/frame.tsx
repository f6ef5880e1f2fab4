/** The frame of all pages: navigation, top bar, and a banner while the connection is lost. */
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { FeedClient } from "../../../client/src";
import type { Permission } from "../gql/graphql";
import { useViewer } from "../session/viewer";
import { Icon, type IconName } from "../ui/icons";
import { Tips } from "../ui/tips";
import { ConnectionBanner } from "./connection_banner";
import { keepFocus } from "./kept_focus";
import { TopBar } from "./top_bar";
import "../ui/ui.css";
import "./frame.css";

interface Destination {
  path: string;
  text: string;
  icon: IconName;
  permission?: Permission;
}

const DESTINATIONS: readonly Destination[] = [
  { path: "/customers", text: "navigation.customers", icon: "customers", permission: "READ_CUSTOMERS" },
  { path: "/analytics", text: "navigation.analytics", icon: "analytics", permission: "READ_ANALYTICS" },
  { path: "/forecasts", text: "navigation.forecasts", icon: "forecasts", permission: "READ_ANALYTICS" },
  { path: "/calling", text: "navigation.calling", icon: "calling", permission: "READ_ANALYTICS" },
  { path: "/alerts", text: "navigation.alerts", icon: "alerts", permission: "READ_CUSTOMERS" },
  { path: "/resources", text: "navigation.resources", icon: "resources" },
  { path: "/integrations", text: "navigation.integrations", icon: "integrations", permission: "READ_CUSTOMERS" },
  { path: "/organization", text: "navigation.organization", icon: "organization" },
];

export function Frame({ feed, children }: { feed: FeedClient; children: ReactNode }) {
  const { t } = useTranslation();
  const { permissions, partner } = useViewer();
  const [location] = useLocation();
  useEffect(() => {
    document.title = `${partner.name} – partnerhub`;
  }, [partner.name]);
  useEffect(keepFocus, []);
  const shown = DESTINATIONS.filter(({ permission }) => !permission || permissions.includes(permission));
  return (
    <div className="frame">
      <a className="skip-link" href="#main">
        {t("navigation.skip")}
      </a>
      <nav className="navigation" aria-label={t("navigation.label")}>
        <p className="navigation-brand">partnerhub</p>
        <ul>
          {shown.map(({ path, text, icon }) => (
            <li key={path}>
              <Link
                href={path}
                className={`navigation-link ${location.startsWith(path) ? "active" : ""}`}
                aria-current={location.startsWith(path) ? "page" : undefined}
                title={t(text)}
              >
                <Icon name={icon} />
                <span>{t(text)}</span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <TopBar />
      <main id="main" className="main" tabIndex={-1}>
        <ConnectionBanner feed={feed} />
        {partner.setup.nextStep?.key === "ACCEPT_TERMS" && (
          <p className="notice">
            {t("setupNotice.text")}
            <Link to="/organization?tab=setup">{t("setupNotice.link")}</Link>
          </p>
        )}
        {children}
      </main>
      <Tips />
    </div>
  );
}
