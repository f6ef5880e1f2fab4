/** The one websocket of the page (graphql-transport-ws), reopened with the new token whenever that changes. */
import { type Client, createClient } from "graphql-ws";
import { eventLog } from "./event_log";
import { MISSING_TOKEN } from "./http";

/** A refused token does not become valid by trying again; graphql-ws itself stops at 4401 only. */
const FORBIDDEN = 4403;

export interface Socket {
  client: Client;
  setToken(token: string): void;
}

export function createSocket(address: string): Socket {
  let current = "";
  const client = createClient({
    url: address,
    connectionParams: () => ({ authorization: `Bearer ${current}` }),
    shouldRetry: (failure) => !(failure instanceof CloseEvent && failure.code === FORBIDDEN),
    retryWait: (retries) => new Promise((wake) => setTimeout(wake, 200 * 2 ** retries)),
  });
  return {
    client: { ...client, subscribe: speakingOfFailures(client, () => current) },
    setToken(token) {
      if (token === current) return;
      current = token;
      // Open subscriptions are started again by graphql-ws on a new connection, as whoever the new token names.
      client.terminate();
    },
  };
}

function speakingOfFailures(client: Client, token: () => string): Client["subscribe"] {
  return (operation, sink) => {
    if (!token()) {
      sink.error(withoutStack(MISSING_TOKEN));
      return () => undefined;
    }
    eventLog.begin();
    const next: typeof sink.next = (event) => {
      eventLog.add(event);
      sink.next(event);
    };
    return client.subscribe(operation, { ...sink, next, error: (failure) => sink.error(inWords(failure)) });
  };
}

function inWords(failure: unknown): unknown {
  if (failure instanceof CloseEvent) return withoutStack(closedBecause(failure));
  if (failure instanceof Event) return withoutStack("The server's websocket cannot be reached. Is it still running?");
  return failure;
}

function closedBecause({ code, reason }: CloseEvent): string {
  const told = reason ? `${code}: ${reason.replace(/\.$/, "")}` : `${code}`;
  if (code === 4401 || code === FORBIDDEN)
    return `The server refused the access token (${told}). Paste a valid one into the field above.`;
  if (code === 1006) return "The connection broke and could not be made again. Is the server still running?";
  return `The server closed the connection (${told}). Run the operation again to reconnect.`;
}

/** GraphiQL prints an error's stack beneath its message, and that of a closed socket tells nobody anything. */
function withoutStack(message: string): Error {
  const error = new Error(message);
  delete error.stack;
  return error;
}
