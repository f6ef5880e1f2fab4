/** Returns the access token for the next request or connection; a token that is about to expire is renewed first. */
export type TokenSource = () => string | Promise<string>;
