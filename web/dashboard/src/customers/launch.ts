/** Opening a customer's own administration: the API gives an address that is valid for a moment. */
import { useCallback } from "react";
import { useClient } from "urql";
import { openInTab } from "../ui/open_tab";
import { LAUNCH_CUSTOMER } from "./documents";

/** Returns a function that opens the customer in a new tab, and resolves to the problem where there is one. */
export function useLaunch(): (customer: string) => Promise<string | undefined> {
  const client = useClient();
  return useCallback(
    (customer) =>
      openInTab(async () => {
        const input = { customer, idempotencyKey: crypto.randomUUID() };
        const { data, error } = await client.mutation(LAUNCH_CUSTOMER, { input }).toPromise();
        return { url: data?.launchCustomer?.url, userErrors: data?.launchCustomer?.userErrors, error };
      }),
    [client],
  );
}
