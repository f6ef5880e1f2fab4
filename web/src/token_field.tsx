/** The field for the access token, with a line that says whose it is. */
import { useEffect, useRef, useState } from "react";
import type { Identity } from "./identity";
import { tidyToken } from "../session/token";

/** Long enough to type on, short enough to feel immediate after a paste. */
const PAUSE_MS = 300;

interface Props {
  token: string;
  identity: Identity;
  onToken(token: string): void;
}

export function TokenField({ token, identity, onToken }: Props) {
  const [text, setText] = useState(token);
  const pause = useRef(0);
  const stop = () => window.clearTimeout(pause.current);
  // Somebody has signed in or out: the field shows the token that is used now. What was typed before it no longer counts.
  useEffect(() => {
    setText((typed) => (tidyToken(typed) === token ? typed : token));
    return stop;
  }, [token]);
  // The token changes only when the user types. A timer that starts with the page could replace the token of a sign-in that
  // completes at the same time.
  const type = (typed: string) => {
    stop();
    setText(typed);
    pause.current = window.setTimeout(() => onToken(tidyToken(typed)), PAUSE_MS);
  };
  return (
    <>
      <label className="token-label" htmlFor="token">
        Access token
      </label>
      <input
        id="token"
        className="token-input"
        type="text"
        value={text}
        onChange={(event) => type(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && onToken(tidyToken(text))}
        placeholder="eyJ… (with or without “Bearer”)"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-describedby="token-owner"
        aria-invalid={identity.state === "refused"}
      />
      <span
        id="token-owner"
        className={`token-owner token-owner-${identity.state}`}
        role="status"
        title={identity.words}
      >
        {identity.words}
      </span>
    </>
  );
}
