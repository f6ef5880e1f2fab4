/** Which page an address shows. Each page is loaded when it is first opened. */
import { lazy, Suspense } from "react";
import { Navigate, Route, Routes } from "react-router";
import { PageSkeleton } from "./frame/frame_skeleton";
import { CustomersPage } from "./customers/customers_page";
import { NotFoundPage } from "./frame/not_found_page";

const CustomerPage = lazy(() => import("./customer/customer_page"));

export function Pages() {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <Routes>
        <Route path="/" element={<Navigate to="/customers" replace />} />
        <Route path="/customers" element={<CustomersPage />} />
        <Route path="/customers/:id" element={<CustomerPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </Suspense>
  );
}
