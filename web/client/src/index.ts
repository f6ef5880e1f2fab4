/** The partnerhub client: feeds that resume, lists that stay true, and the reading of one's own writes. */
export { type ConnectionState } from "./connection";
export { sendById } from "./documents";
export * from "./event_stream";
export * from "./feed";
export * from "./live_list";
export * from "./seen";
export type { TokenSource } from "./token";
export * from "./types";
