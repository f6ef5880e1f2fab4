/** Which page an address shows. Each page is loaded when it is first opened. */
import { type ComponentType, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { PageSkeleton } from "./frame/frame_skeleton";
import { CustomersPage } from "./customers/customers_page";
import type { Permission } from "./gql/graphql";
import { usePermission } from "./session/viewer";
import { later } from "./texts/later";
import { NotFoundPage } from "./frame/not_found_page";
import { NotPermittedPage } from "./frame/not_permitted_page";

const AlertsPage = later(() => import("./alerts/alerts_page"));
const AnalyticsPage = later(() => import("./analytics/analytics_page"));
const CallingPage = later(() => import("./calling/calling_page"));
const CustomerPage = later(() => import("./customer/customer_page"));
const ForecastsPage = later(() => import("./forecasts/forecasts_page"));
const IntegrationsPage = later(() => import("./integrations/integrations_page"));
const OrganizationPage = later(() => import("./organization/organization_page"));
const ResourcesPage = later(() => import("./resources/resources_page"));

/** A page for those who have the permission; a link that somebody else has sent says to the others what is missing. */
function permitted(permission: Permission, Page: ComponentType) {
  return function Permitted() {
    return usePermission(permission) ? <Page /> : <NotPermittedPage />;
  };
}

const Alerts = permitted("READ_CUSTOMERS", AlertsPage);
const Analytics = permitted("READ_ANALYTICS", AnalyticsPage);
const Calling = permitted("READ_ANALYTICS", CallingPage);
const Forecasts = permitted("READ_ANALYTICS", ForecastsPage);
const Integrations = permitted("READ_CUSTOMERS", IntegrationsPage);

export function Pages() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <Switch>
        <Route path="/">
          <Redirect to="/customers" replace />
        </Route>
        <Route path="/customers" component={CustomersPage} />
        <Route path="/customers/:id">{({ id }) => <CustomerPage key={id} />}</Route>
        <Route path="/analytics" component={Analytics} />
        <Route path="/calling" component={Calling} />
        <Route path="/resources" component={ResourcesPage} />
        <Route path="/alerts" component={Alerts} />
        <Route path="/forecasts" component={Forecasts} />
        <Route path="/integrations" component={Integrations} />
        <Route path="/organization" component={OrganizationPage} />
        <Route component={NotFoundPage} />
      </Switch>
    </Suspense>
  );
}
