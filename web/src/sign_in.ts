/** Signing in at the issuer that the server names: the authorization code flow with PKCE, by oidc-client-ts. */
import { UserManager, WebStorageStateStore } from "oidc-client-ts";

interface Settings {
  authority: string;
  clientId: string;
  scope: string;
  parameters: Record<string, string>;
}

/** The server writes them into the page; empty where users can only paste tokens. */
function readSettings(): Settings | undefined {
  const text = document.querySelector<HTMLMetaElement>('meta[name="sign-in"]')?.content;
  return text ? (JSON.parse(text) as Settings) : undefined;
}

function createManager({ authority, clientId, scope, parameters }: Settings): UserManager {
  const here = `${location.origin}${location.pathname}`;
  // Both stores end with the tab: a tab of another administrator keeps its own.
  const store = new WebStorageStateStore({ store: sessionStorage });
  return new UserManager({
    // The development sign-in is a path on this server.
    authority: new URL(authority, location.origin).href,
    client_id: clientId,
    redirect_uri: here,
    post_logout_redirect_uri: here,
    scope,
    extraQueryParams: parameters,
    userStore: store,
    stateStore: store,
    // Without a refresh token, a renewal would need a frame, which the page's policy forbids.
    automaticSilentRenew: false,
  });
}

const settings = readSettings();
export const manager = settings && createManager(settings);

/** Whether the issuer has sent the browser back to this page, with a code or an error. */
export function hasReturned(): boolean {
  const parameters = new URLSearchParams(location.search);
  return parameters.has("state") && (parameters.has("code") || parameters.has("error"));
}

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

/** Forgets the user here, and ends the session at the issuer if it has one; then the browser returns to this page. */
export async function signOut(signInManager: UserManager): Promise<void> {
  const metadata = await signInManager.metadataService.getMetadata().catch(() => undefined);
  const user = await signInManager.getUser();
  await signInManager.removeUser();
  if (metadata?.end_session_endpoint && user?.id_token)
    await signInManager.signoutRedirect({ id_token_hint: user.id_token });
}
