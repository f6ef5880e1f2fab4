/** Requests by POST with the token, whose every outcome is an answer that the response pane can show. */

const JSON_TYPE = /^application\/(graphql-response\+)?json\b/;

export const MISSING_TOKEN =
  "No access token yet: sign in, or paste a token into the field above. `make run` prints one for each role, " +
  "`partnerhub token --partner ID --email EMAIL` makes another.";

/** A GraphQL answer made here, for what went wrong before the server could give one. */
function failure(message: string, code: string): Response {
  return Response.json({ errors: [{ message, extensions: { code } }] });
}

/** Returns a `fetch` that authorizes with the token, unless the request's own headers already do. */
export function authorizedFetch(token: string): typeof fetch {
  return async (address, request) => {
    const headers = new Headers(request?.headers);
    if (!headers.has("authorization")) {
      if (!token) return failure(MISSING_TOKEN, "UNAUTHENTICATED");
      headers.set("authorization", `Bearer ${token}`);
    }
    return send(address, { ...request, headers });
  };
}

async function send(address: RequestInfo | URL, request: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(address, request);
  } catch {
    return failure("The server did not answer. Is it still running?", "UNAVAILABLE");
  }
  if (JSON_TYPE.test(answer.headers.get("content-type") ?? "")) return answer;
  return failure(
    `The server answered ${answer.status} ${answer.statusText} and no JSON.`.replace("  ", " "),
    "UNAVAILABLE",
  );
}
