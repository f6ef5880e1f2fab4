/** The partnerhub client: feeds that resume, lists that stay true, and the reading of one's own writes. */
export { type ConnectionState } from "./connection.js";
export { documentHash, sendById } from "./documents.js";
export * from "./event_stream.js";
export * from "./feed.js";
export * from "./live_list.js";
export * from "./seen.js";
export type { TokenSource } from "./token.js";
export * from "./types.js";
