// node axios.test.mjs URL TOKEN: a query, a mutation and each kind of error with axios as it is by default.
import assert from "node:assert/strict";
import axios from "axios";

const [url, token] = process.argv.slice(2);
const api = axios.create({ baseURL: url, headers: { authorization: `Bearer ${token}` } });
const post = (body, options) => api.post("/graphql", body, options);

// A query, with variables.
const { data } = await post({ query: "query ($n: Int) { customers(first: $n) { totalCount } }", variables: { n: 5 } });
assert.equal(data.errors, undefined);
assert.equal(data.data.customers.totalCount, 0);

// A mutation, and the same again: a mistake that a person can correct is in userErrors.
const create = "mutation ($input: CreateTagInput!) { createTag(input: $input) { tag { name } userErrors { code } } }";
const first = await post({ query: create, variables: { input: { name: "axios" } } });
assert.deepEqual(first.data.data.createTag, { tag: { name: "axios" }, userErrors: [] });
const second = await post({ query: create, variables: { input: { name: "axios" } } });
assert.equal(second.data.data.createTag.tag, null);
assert.equal(second.data.data.createTag.userErrors.length, 1);

// An operation that is not valid: status 200 with errors, which axios resolves.
const invalid = await post({ query: "{ missing }" });
assert.equal(invalid.data.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");

// A request that fails before its operation: axios rejects, and the response has the errors.
for (const [body, options, status, code] of [
  [{}, undefined, 400, "BAD_USER_INPUT"],
  [{ query: "{ viewer { id } }" }, { headers: { authorization: "Bearer wrong" } }, 401, "UNAUTHENTICATED"],
]) {
  await assert.rejects(post(body, options), ({ response }) => {
    assert.equal(response.status, status);
    assert.equal(response.data.errors[0].extensions.code, code);
    return true;
  });
}
console.log(JSON.stringify({ passed: true }));
