/** Opening a customer's own administration: the API gives an address that is valid for a moment. */
import { useCallback } from "react";
import { useClient } from "urql";
import { LAUNCH_CUSTOMER } from "./documents";

/** Returns a function that opens the customer in a new tab, and resolves to the problem where there is one. */
export function useLaunch(): (customer: string) => Promise<string | undefined> {
  const client = useClient();
  return useCallback(
    async (customer) => {
      // Opened at once: after the answer the browser would take it for an unwanted window.
      const tab = window.open("about:blank", "_blank");
      const input = { customer, idempotencyKey: crypto.randomUUID() };
      const { data, error } = await client.mutation(LAUNCH_CUSTOMER, { input }).toPromise();
      const url = data?.launchCustomer?.url;
      if (url && tab) {
        tab.opener = null;
        tab.location.replace(url);
        return undefined;
      }
      tab?.close();
      return data?.launchCustomer?.userErrors[0]?.message ?? error?.message;
    },
    [client],
  );
}
