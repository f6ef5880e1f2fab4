/** Reading one's own writes: the newest change that this client was told of, sent with every request. */

const HEADER = "X-Partnerhub-Seen";

/** Returns a `fetch` whose requests state the newest change that any answer before has named. */
export function createSeenFetch(send: typeof fetch = globalThis.fetch.bind(globalThis)): typeof fetch {
  let seen = 0n;
  return async (address, request) => {
    const headers = new Headers(request?.headers);
    if (seen > 0n) headers.set(HEADER, String(seen));
    const answer = await send(address, { ...request, headers });
    const told = answer.headers.get(HEADER);
    if (told && /^\d+$/.test(told) && BigInt(told) > seen) seen = BigInt(told);
    return answer;
  };
}
