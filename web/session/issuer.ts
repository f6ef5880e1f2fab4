/** What the pages share of the sign-in at the issuer that the server names: the authorization code flow with PKCE. */
import type { StateStore, UserManager, UserManagerSettings } from "oidc-client-ts";

export interface IssuerSettings {
  authority: string;
  clientId: string;
  scope: string;
  parameters: Record<string, string>;
}

/** The server writes them into the page; empty where users can only paste tokens. */
export function readIssuerSettings(): IssuerSettings | undefined {
  const text = document.querySelector<HTMLMetaElement>('meta[name="sign-in"]')?.content;
  return text ? (JSON.parse(text) as IssuerSettings) : undefined;
}

/** The options of a UserManager whose page is at `here`, and which keeps what it knows in `store`. */
export function managerOptions(settings: IssuerSettings, here: string, store: StateStore): UserManagerSettings {
  const { authority, clientId, scope, parameters } = settings;
  return {
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
  };
}

/** Whether the issuer has sent the browser back to this page, with a code or an error. */
export function hasReturned(): boolean {
  const parameters = new URLSearchParams(location.search);
  return parameters.has("state") && (parameters.has("code") || parameters.has("error"));
}

/** Forgets the user here, and ends the session at the issuer if it has one; then the browser returns to the page. */
export async function endSession(manager: UserManager): Promise<void> {
  const metadata = await manager.metadataService.getMetadata().catch(() => undefined);
  const user = await manager.getUser();
  await manager.removeUser();
  if (metadata?.end_session_endpoint && user?.id_token) await manager.signoutRedirect({ id_token_hint: user.id_token });
}
