/** Signing in at the issuer that the server names in the page: the authorization code flow with PKCE. */
import type { UserManager } from "oidc-client-ts";

interface Settings {
  authority: string;
  clientId: string;
  scope: string;
  parameters: Record<string, string>;
}

/** Empty where the server has no issuer: users then paste a token. */
function readSettings(): Settings | undefined {
  const text = document.querySelector<HTMLMetaElement>('meta[name="sign-in"]')?.content;
  return text ? (JSON.parse(text) as Settings) : undefined;
}

const settings = readSettings();
export const canSignIn = settings !== undefined;
const RETURN_KEY = "partnerhub:return";

/** The library is loaded only to sign in or out. */
async function createManager({ authority, clientId, scope, parameters }: Settings): Promise<UserManager> {
  const { UserManager, WebStorageStateStore } = await import("oidc-client-ts");
  const store = new WebStorageStateStore({ store: sessionStorage });
  return new UserManager({
    // The development sign-in is a path on this server.
    authority: new URL(authority, location.origin).href,
    client_id: clientId,
    redirect_uri: `${location.origin}/`,
    post_logout_redirect_uri: `${location.origin}/`,
    scope,
    extraQueryParams: parameters,
    userStore: store,
    stateStore: store,
    // Without a refresh token, a renewal would need a frame, which the page's policy forbids.
    automaticSilentRenew: false,
  });
}

/** Leaves for the issuer, which sends the browser back to the page that is open now. */
export async function signIn(): Promise<void> {
  if (!settings) return;
  sessionStorage.setItem(RETURN_KEY, `${location.pathname}${location.search}`);
  const manager = await createManager(settings);
  await manager.signinRedirect();
}

function hasReturned(): boolean {
  const parameters = new URLSearchParams(location.search);
  return settings !== undefined && parameters.has("state") && (parameters.has("code") || parameters.has("error"));
}

/** Completes a sign-in where the issuer has just sent the browser back; undefined where it has not. */
export async function completeSignIn(): Promise<{ token?: string; problem?: string } | undefined> {
  if (!settings || !hasReturned()) return undefined;
  const answer = location.href;
  // A code can be used once: not again by a reload.
  history.replaceState(null, "", sessionStorage.getItem(RETURN_KEY) ?? "/");
  try {
    const user = await (await createManager(settings)).signinCallback(answer);
    return user ? { token: user.access_token } : { problem: "" };
  } catch (failure) {
    return { problem: failure instanceof Error ? failure.message : String(failure) };
  }
}

/** Ends the session at the issuer, if it has one; the browser then returns to this page. */
export async function signOut(): Promise<void> {
  if (!settings) return;
  const manager = await createManager(settings);
  const metadata = await manager.metadataService.getMetadata().catch(() => undefined);
  const user = await manager.getUser();
  await manager.removeUser();
  if (metadata?.end_session_endpoint && user?.id_token) await manager.signoutRedirect({ id_token_hint: user.id_token });
}
