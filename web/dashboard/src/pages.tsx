/** Which page an address shows. Each page is loaded when it is first opened. */
import { lazy, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { PageSkeleton } from "./frame/frame_skeleton";
import { CustomersPage } from "./customers/customers_page";
import { NotFoundPage } from "./frame/not_found_page";

const AnalyticsPage = lazy(() => import("./analytics/analytics_page"));
const CallingPage = lazy(() => import("./calling/calling_page"));
const CustomerPage = lazy(() => import("./customer/customer_page"));

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
        <Route component={NotFoundPage} />
      </Switch>
    </Suspense>
  );
}
