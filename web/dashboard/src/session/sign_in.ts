/** Signing in to the dashboard at the issuer that the server names. */
import type { UserManager } from "oidc-client-ts";
import { endSession, hasReturned, managerOptions, readIssuerSettings } from "../../../session/issuer";

const settings = readIssuerSettings();
/** Whether the server names an issuer; users paste a token where it does not. */
export const canSignIn = settings !== undefined;
const RETURN_KEY = "partnerhub:return";

/** The library is loaded only to sign in or out. */
async function createManager(): Promise<UserManager | undefined> {
  if (!settings) return undefined;
  const { UserManager, WebStorageStateStore } = await import("oidc-client-ts");
  const store = new WebStorageStateStore({ store: sessionStorage });
  return new UserManager(managerOptions(settings, `${location.origin}/`, store));
}

/** Leaves for the issuer, which sends the browser back to the page that is open now. */
export async function signIn(): Promise<void> {
  sessionStorage.setItem(RETURN_KEY, `${location.pathname}${location.search}`);
  await (await createManager())?.signinRedirect();
}

/** Completes a sign-in where the issuer has just sent the browser back; undefined where it has not. */
export async function completeSignIn(): Promise<{ token?: string; problem?: string } | undefined> {
  if (!settings || !hasReturned()) return undefined;
  const answer = location.href;
  // A code can be used once: not again by a reload.
  history.replaceState(null, "", sessionStorage.getItem(RETURN_KEY) ?? "/");
  try {
    const user = await (await createManager())?.signinCallback(answer);
    return user ? { token: user.access_token } : { problem: "" };
  } catch (failure) {
    return { problem: failure instanceof Error ? failure.message : String(failure) };
  }
}

/** Ends the session at the issuer, if it has one; the browser then returns to this page. */
export async function signOut(): Promise<void> {
  const manager = await createManager();
  if (manager) await endSession(manager);
}
