/** Sending an operation by the id that it has among the server's trusted documents. */

interface ErrorBody {
  errors?: { extensions?: { code?: string } }[];
}

/** Sends the request with `id` instead of its text, and again with the text where the server does not know the id. */
export async function sendById(id: string, send: typeof fetch, address: RequestInfo | URL, request: RequestInit = {}): Promise<Response> {
  if (request.method !== "POST" || typeof request.body !== "string") return send(address, request);
  const { query: _text, ...rest } = JSON.parse(request.body) as Record<string, unknown>;
  const headers = new Headers(request.headers);
  // As this media type, a request that was not executed has the status 400.
  headers.set("accept", "application/graphql-response+json, application/json;q=0.9");
  const answer = await send(address, { ...request, headers, body: JSON.stringify({ ...rest, documentId: id }) });
  return (await isUnknown(answer)) ? send(address, request) : answer;
}

/** The two answers of a server whose manifests lack a document: after each of them the text is sent. */
export function isUnknownDocument(code: string | undefined): boolean {
  return code === "PERSISTED_QUERY_NOT_FOUND" || code === "PERSISTED_QUERY_NOT_SUPPORTED";
}

async function isUnknown(answer: Response): Promise<boolean> {
  if (answer.status !== 400) return false;
  const body = (await answer.clone().json().catch(() => ({}))) as ErrorBody;
  return isUnknownDocument(body.errors?.[0]?.extensions?.code);
}

/** The id of a document that graphql-codegen's client preset made with `embedHashInDocument`. */
export function documentHash(document: object): string | undefined {
  const { __meta__ } = document as { __meta__?: { hash?: string } };
  return __meta__?.hash;
}
