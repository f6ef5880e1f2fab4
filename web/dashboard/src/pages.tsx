/** Which page an address shows. Each page is loaded when it is first opened. */
import { Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { PageSkeleton } from "./frame/frame_skeleton";
import { CustomersPage } from "./customers/customers_page";
import { later } from "./texts/later";
import { NotFoundPage } from "./frame/not_found_page";

const AlertsPage = later(() => import("./alerts/alerts_page"));
const AnalyticsPage = later(() => import("./analytics/analytics_page"));
const CallingPage = later(() => import("./calling/calling_page"));
const CustomerPage = later(() => import("./customer/customer_page"));
const ForecastsPage = later(() => import("./forecasts/forecasts_page"));
const IntegrationsPage = later(() => import("./integrations/integrations_page"));
const OrganizationPage = later(() => import("./organization/organization_page"));
const ResourcesPage = later(() => import("./resources/resources_page"));

export function Pages() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <Switch>
        <Route path="/">
          <Redirect to="/customers" replace />
        </Route>
        <Route path="/customers" component={CustomersPage} />
        <Route path="/customers/:id">{({ id }) => <CustomerPage key={id} />}</Route>
        <Route path="/analytics" component={AnalyticsPage} />
        <Route path="/calling" component={CallingPage} />
        <Route path="/resources" component={ResourcesPage} />
        <Route path="/alerts" component={AlertsPage} />
        <Route path="/forecasts" component={ForecastsPage} />
        <Route path="/integrations" component={IntegrationsPage} />
        <Route path="/organization" component={OrganizationPage} />
        <Route component={NotFoundPage} />
      </Switch>
    </Suspense>
  );
}
