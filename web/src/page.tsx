/** The page: a bar with the sign-in, the token and the saved operations, and GraphiQL beneath it. */
import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from "@graphiql/plugin-doc-explorer";
import { HISTORY_PLUGIN, HistoryStore } from "@graphiql/plugin-history";
import { GraphiQLProvider } from "@graphiql/react";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL, GraphiQLInterface } from "graphiql";
import { useCallback, useMemo, useState } from "react";
import { useIdentity } from "./identity";
import { authorizedFetch } from "./http";
import { SampleMenu } from "./sample_menu";
import { SignInButtons } from "./sign_in_buttons";
import { firstSample } from "./samples";
import { createSocket } from "./socket";
import { keepToken, loadToken } from "../session/token";
import { TokenField } from "./token_field";

// The page is served by the endpoint that it speaks to, wherever a proxy has put that.
const ADDRESS = location.pathname;
const socket = createSocket(`${location.origin.replace(/^http/, "ws")}${ADDRESS}`);
const plugins = [DOC_EXPLORER_PLUGIN, HISTORY_PLUGIN];
const firstTabs = firstSample ? [{ query: firstSample.query, variables: firstSample.variables }] : [];

/** A link can name the operation that the page opens with: `?query=` and `&variables=`. Nothing runs by itself. */
const linked = new URLSearchParams(location.search);
const given = linked.get("query") ? { initialQuery: linked.get("query") ?? "", initialVariables: linked.get("variables") ?? "" } : {};

function useToken(): [string, (token: string) => void] {
  const [token, setToken] = useState(() => {
    const kept = loadToken();
    socket.setToken(kept);
    return kept;
  });
  const change = useCallback((next: string) => {
    keepToken(next);
    socket.setToken(next);
    setToken(next);
  }, []);
  return [token, change];
}

export function Page() {
  const [token, setToken] = useToken();
  const identity = useIdentity(ADDRESS, token);
  // A new fetcher makes GraphiQL read the schema again, as whoever the new token names.
  const fetcher = useMemo(
    () =>
      createGraphiQLFetcher({
        url: ADDRESS,
        fetch: authorizedFetch(token),
        wsClient: socket.client,
        enableIncrementalDelivery: false,
      }),
    [token],
  );
  return (
    <GraphiQLProvider fetcher={fetcher} plugins={plugins} referencePlugin={DOC_EXPLORER_PLUGIN} defaultTabs={firstTabs} {...given}>
      <HistoryStore>
        <DocExplorerStore>
          <div className="graphiql-container page">
            <header className="bar">
              <h1 className="bar-title">partnerhub</h1>
              <SignInButtons isSignedIn={token !== "" && identity.state !== "refused"} onToken={setToken} />
              <TokenField token={token} identity={identity} onToken={setToken} />
              <SampleMenu />
            </header>
            <main className="page-main">
              <GraphiQLInterface defaultEditorToolsVisibility="variables" showPersistHeadersSettings={false}>
                <GraphiQL.Logo> </GraphiQL.Logo>
              </GraphiQLInterface>
            </main>
          </div>
        </DocExplorerStore>
      </HistoryStore>
    </GraphiQLProvider>
  );
}
