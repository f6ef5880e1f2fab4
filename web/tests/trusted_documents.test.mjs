// node trusted_documents.test.mjs MANIFEST: Apollo's persisted-query link against a server without manifests (PLAIN_URL) and one
// with them (TRUSTED_URL).
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

const { PLAIN_URL, PLAIN_TOKEN, TRUSTED_URL, TRUSTED_TOKEN } = process.env;
const [manifestFile] = process.argv.slice(2);
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** A client of Apollo, and what it sends: the method, and which of the text and the hash. */
function createClient(address, token, options) {
  const requests = [];
  async function record(url, { method, body, headers }) {
    const { query, extensions } = method === "GET" ? Object.fromEntries(new URL(url).searchParams) : JSON.parse(body);
    const hasHash = JSON.stringify(extensions).includes("sha256Hash");
    const sent = [...(query ? ["text"] : []), ...(hasHash ? ["hash"] : [])];
    const response = await fetch(url, { method, body, headers });
    requests.push([method, ...sent, response.status].join(" "));
    return response;
  }
  const http = new HttpLink({ uri: `${address}/graphql`, fetch: record, headers: { authorization: `Bearer ${token}` } });
  const link = new PersistedQueryLink({ sha256, ...options }).concat(http);
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const query = async (text) => (await client.query({ query: gql(text), fetchPolicy: "no-cache" })).data;
  return { requests, query };
}

const KNOWN = Object.values(JSON.parse(readFileSync(manifestFile, "utf8")).operations).map(({ body }) => body);
const UNKNOWN = "query Unknown { feedCursor }";

for (const useGETForHashedQueries of [false, true]) {
  const first = useGETForHashedQueries ? "GET" : "POST";

  // Without manifests: the first operation is sent again with its text, and all others have it from the start.
  const untrusting = createClient(PLAIN_URL, PLAIN_TOKEN, { useGETForHashedQueries });
  assert.ok((await untrusting.query(UNKNOWN)).feedCursor);
  assert.ok((await untrusting.query("query Other { viewer { permissions } }")).viewer);
  assert.deepEqual(untrusting.requests, [`${first} hash 400`, "POST text 200", "POST text 200"]);

  // With manifests: known documents are sent by their hash; an unknown one is sent again, and disables nothing.
  const trusting = createClient(TRUSTED_URL, TRUSTED_TOKEN, { useGETForHashedQueries });
  for (const text of KNOWN) assert.ok(await trusting.query(text));
  assert.ok((await trusting.query(UNKNOWN)).feedCursor);
  assert.ok(await trusting.query(KNOWN[0]));
  const hashed = `${first} hash 200`;
  const recovered = [`${first} hash 400`, "POST text hash 200"];
  assert.deepEqual(trusting.requests, [...KNOWN.map(() => hashed), ...recovered, hashed]);
}
