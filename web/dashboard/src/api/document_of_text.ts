/** Makes a document of its text: as text a document has a fraction of the size of its syntax tree. */
import { gql, type TypedDocumentNode } from "@urql/core";

export function documentOfText(text: string, hash: string): TypedDocumentNode {
  return Object.assign(gql(text), { __meta__: { hash } });
}
