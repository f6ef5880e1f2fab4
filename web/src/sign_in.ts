/** Signing in to GraphiQL at the issuer that the server names, by oidc-client-ts. */
import { UserManager, WebStorageStateStore } from "oidc-client-ts";
import { managerOptions, readIssuerSettings } from "../session/issuer";

export { endSession as signOut, hasReturned } from "../session/issuer";

const settings = readIssuerSettings();
// The store ends with the tab: a tab of another administrator keeps its own.
const store = new WebStorageStateStore({ store: sessionStorage });
const here = `${location.origin}${location.pathname}`;
export const manager = settings && new UserManager(managerOptions(settings, here, store));

/** Takes the issuer's answer out of the address, so that a reload does not send it again, and completes the sign-in. */
export async function completeSignIn(signInManager: UserManager): Promise<{ token?: string; problem: string }> {
  const answer = location.href;
  history.replaceState(null, "", location.pathname);
  try {
    const user = await signInManager.signinCallback(answer);
    return user ? { token: user.access_token, problem: "" } : { problem: "Not signed in." };
  } catch (failure) {
    return { problem: `Not signed in: ${failure instanceof Error ? failure.message : String(failure)}` };
  }
}
