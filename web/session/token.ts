/** The access token of this browser: kept for a tab, and handed to other tabs of this origin, never written to disk. */

const STORAGE_KEY = "partnerhub:token";
const ANSWER_MILLISECONDS = 150;

type Message = { kind: "ask" } | { kind: "answer" | "token"; token: string };
type Listener = (token: string) => void;

const channel = new BroadcastChannel("partnerhub:session");
const listeners = new Set<Listener>();
let current = "";
let takeAnswer: Listener | undefined;

channel.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  if (data.kind === "token") apply(data.token);
  // Only the tab that asks takes an answer: another may show another administrator.
  else if (data.kind === "answer") takeAnswer?.(data.token);
  else if (current) channel.postMessage({ kind: "answer", token: current } satisfies Message);
});

/** Returns the token of this tab, or the one of another open tab; empty where nobody is signed in. */
export async function findToken(): Promise<string> {
  current = loadToken();
  if (current) return current;
  const answered = new Promise<void>((done) => {
    // An answer that comes late, from a busy tab, still signs in: the sign-in page gives way to it.
    takeAnswer = (token) => {
      takeAnswer = undefined;
      // Meanwhile this or another tab may have signed in.
      if (token && !current) apply(token);
      done();
    };
    setTimeout(done, ANSWER_MILLISECONDS);
  });
  channel.postMessage({ kind: "ask" } satisfies Message);
  await answered;
  return current;
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

/** Keeps a token in this tab only, so that tabs can show different administrators; tabs that open later get it, too. */
export function keepTokenHere(token: string): void {
  apply(token);
}

/** What a person pastes, without white space, quotes and the word Bearer. */
export function tidyToken(pasted: string): string {
  return pasted
    .trim()
    .replace(/^["']|["']$/g, "")
    .replace(/^authorization:\s*/i, "")
    .replace(/^bearer\s+/i, "")
    .replace(/\s+/g, "");
}

function loadToken(): string {
  try {
    return sessionStorage.getItem(STORAGE_KEY) ?? "";
  } catch {
    // A browser that forbids storage still runs the page; the token lives as long as the page does.
    return "";
  }
}

function apply(token: string): void {
  current = token;
  storeToken(token);
  for (const listener of [...listeners]) listener(token);
}

function storeToken(token: string): void {
  try {
    if (token) sessionStorage.setItem(STORAGE_KEY, token);
    else sessionStorage.removeItem(STORAGE_KEY);
  } catch {
    // As above: nothing to keep it in.
  }
}
