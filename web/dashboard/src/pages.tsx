/** Which page an address shows. Each page is loaded when it is first opened. */
import { lazy, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { PageSkeleton } from "./frame/frame_skeleton";
import { CustomersPage } from "./customers/customers_page";
import { loadPageTexts } from "./texts/texts";
import { NotFoundPage } from "./frame/not_found_page";

type Page = { default: React.ComponentType };

/** A page that is loaded when it is first opened, together with its texts. */
function later(load: () => Promise<Page>) {
  return lazy(async () => {
    const [page] = await Promise.all([load(), loadPageTexts()]);
    return page;
  });
}

const AnalyticsPage = later(() => import("./analytics/analytics_page"));
const CallingPage = later(() => import("./calling/calling_page"));
const CustomerPage = later(() => import("./customer/customer_page"));
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
        <Route path="/organization" component={OrganizationPage} />
        <Route component={NotFoundPage} />
      </Switch>
    </Suspense>
  );
}
