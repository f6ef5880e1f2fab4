/** Opening an address in a new tab that the API gives only for a moment. */
import type { CombinedError } from "@urql/core";
import type { UserError } from "./user_errors";

interface Answer {
  url: string | null | undefined;
  userErrors: readonly UserError[] | undefined;
  error: CombinedError | undefined;
}

/** Asks for the address, opens it, and resolves to the problem where there is one. */
export async function openInTab(ask: () => Promise<Answer>): Promise<string | undefined> {
  // Opened at once: after the answer the browser would take it for an unwanted window.
  const tab = window.open("about:blank", "_blank");
  const { url, userErrors, error } = await ask();
  if (url && tab) {
    tab.opener = null;
    tab.location.replace(url);
    return undefined;
  }
  tab?.close();
  return userErrors?.[0]?.message ?? error?.graphQLErrors[0]?.message ?? error?.message;
}
