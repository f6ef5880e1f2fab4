/** The access token of this browser: kept for a tab, and handed to other tabs of this origin, never written to disk. */
import { keepToken as storeToken, loadToken } from "../../../session/token";

const ANSWER_MILLISECONDS = 150;

type Message = { kind: "ask" } | { kind: "token"; token: string };
type Listener = (token: string) => void;

const channel = new BroadcastChannel("partnerhub:session");
const listeners = new Set<Listener>();
let current = "";

channel.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  if (data.kind === "token") apply(data.token);
  else if (current) channel.postMessage({ kind: "token", token: current } satisfies Message);
});

/** Returns the token of this tab, or the one of another open tab; empty where nobody is signed in. */
export async function findToken(): Promise<string> {
  const kept = loadToken();
  if (kept) {
    current = kept;
    return kept;
  }
  return new Promise((done) => {
    const timer = setTimeout(() => finish(""), ANSWER_MILLISECONDS);
    const finish = (token: string) => {
      clearTimeout(timer);
      listeners.delete(finish);
      done(token);
    };
    listeners.add(finish);
    channel.postMessage({ kind: "ask" } satisfies Message);
  });
}

export function currentToken(): string {
  return current;
}

/** Keeps the token here and in the other tabs; an empty one signs all of them out. */
export function keepToken(token: string): void {
  channel.postMessage({ kind: "token", token } satisfies Message);
  apply(token);
}

/** Calls back with each new token, also with those of other tabs; the returned function ends that. */
export function onToken(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function apply(token: string): void {
  current = token;
  storeToken(token);
  for (const listener of [...listeners]) listener(token);
}
