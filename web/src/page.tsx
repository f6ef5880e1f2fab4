/** The page: a bar with the sign-in, the token and the saved operations, and GraphiQL beneath it. */
import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from "@graphiql/plugin-doc-explorer";
import { HISTORY_PLUGIN, HistoryStore } from "@graphiql/plugin-history";
import { GraphiQLProvider } from "@graphiql/react";
import { createGraphiQLFetcher, type CreateFetcherOptions, type Fetcher } from "@graphiql/toolkit";
import { GraphiQL, GraphiQLInterface } from "graphiql";
import { useEffect, useMemo, useState } from "react";
import { addCosts } from "./documented_costs";
import { EventList } from "./event_list";
import { GraphiQLMends } from "./graphiql_mends";
import { useIdentity } from "./identity";
import { authorizedFetch } from "./http";
import { SampleMenu } from "./sample_menu";
import { SignInButtons } from "./sign_in_buttons";
import { linkedOperation } from "./linked_operation";
import { firstSample } from "./samples";
import { createSocket } from "./socket";
import { currentToken, findToken, keepToken, keepTokenHere, onToken } from "../session/token";
import { TokenField } from "./token_field";

// The page is served by the endpoint that it speaks to, wherever a proxy has put that.
const ADDRESS = location.pathname;
const socket = createSocket(`${location.origin.replace(/^http/, "ws")}${ADDRESS}`);
const plugins = [DOC_EXPLORER_PLUGIN, HISTORY_PLUGIN];
const firstTabs = firstSample ? [{ query: firstSample.query, variables: firstSample.variables }] : [];

const foundToken = findToken();

/** The token of this tab. A sign-in and a sign-out reach all tabs of the server's pages; a pasted token does not. */
function useToken(): string {
  const [token, setToken] = useState("");
  useEffect(() => {
    let isCurrent = true;
    const change = (next: string) => {
      socket.setToken(next);
      setToken(next);
    };
    void foundToken.then(() => isCurrent && change(currentToken()));
    const stop = onToken(change);
    return () => {
      isCurrent = false;
      stop();
    };
  }, []);
  return token;
}

function createFetcher(options: CreateFetcherOptions, isSignedIn: boolean): Fetcher {
  const send = createGraphiQLFetcher(options);
  return async (parameters, more) => {
    const isIntrospection = parameters.operationName === "IntrospectionQuery";
    // GraphiQL would show the error of a missing token, also after the sign-in; the next fetcher reads the schema.
    if (isIntrospection && !isSignedIn) return new Promise(() => undefined);
    const answer = await send(parameters, more);
    if (isIntrospection) addCosts(answer);
    return answer;
  };
}

export function Page() {
  const token = useToken();
  const identity = useIdentity(ADDRESS, token);
  // A new fetcher makes GraphiQL read the schema again, as whoever the new token names.
  const fetcher = useMemo(
    () =>
      createFetcher(
        { url: ADDRESS, fetch: authorizedFetch(token), wsClient: socket.client, enableIncrementalDelivery: false },
        token !== "",
      ),
    [token],
  );
  return (
    <GraphiQLProvider fetcher={fetcher} plugins={plugins} referencePlugin={DOC_EXPLORER_PLUGIN} defaultTabs={firstTabs} {...linkedOperation(location.search)}>
      <HistoryStore>
        <DocExplorerStore>
          <div className="graphiql-container page">
            <header className="bar">
              <h1 className="bar-title">partnerhub</h1>
              <SignInButtons isSignedIn={token !== "" && identity.state !== "refused"} onToken={keepToken} />
              <TokenField token={token} identity={identity} onToken={keepTokenHere} />
              <SampleMenu />
            </header>
            <main className="page-main">
              <GraphiQLInterface defaultEditorToolsVisibility="variables" showPersistHeadersSettings={false}>
                <GraphiQL.Logo> </GraphiQL.Logo>
                <GraphiQL.Footer>
                  <EventList />
                </GraphiQL.Footer>
              </GraphiQLInterface>
              <GraphiQLMends />
            </main>
          </div>
        </DocExplorerStore>
      </HistoryStore>
    </GraphiQLProvider>
  );
}
