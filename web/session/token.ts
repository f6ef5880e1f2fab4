/** The access token: tidied, and kept for this browser tab only. */

const STORAGE_KEY = "partnerhub:token";

/** What a person pastes, without white space, quotes and the word Bearer. */
export function tidyToken(pasted: string): string {
  return pasted
    .trim()
    .replace(/^["']|["']$/g, "")
    .replace(/^authorization:\s*/i, "")
    .replace(/^bearer\s+/i, "")
    .replace(/\s+/g, "");
}

export function loadToken(): string {
  try {
    return sessionStorage.getItem(STORAGE_KEY) ?? "";
  } catch {
    // A browser that forbids storage still runs the page; the token lives as long as the page does.
    return "";
  }
}

export function keepToken(token: string): void {
  try {
    if (token) sessionStorage.setItem(STORAGE_KEY, token);
    else sessionStorage.removeItem(STORAGE_KEY);
  } catch {
    // As above: nothing to keep it in.
  }
}
