/** Who a token names, asked from the server, in one line that stands beside the field. */
import { useEffect, useState } from "react";
import { authorizedFetch } from "./http";
import { manager } from "./sign_in";

export interface Identity {
  state: "missing" | "asking" | "known" | "refused";
  words: string;
}

const QUESTION = "query TokenOwner { viewer { administrator { displayName role } partner { name } } }";

const MISSING: Identity = {
  state: "missing",
  words: manager ? "Sign in, or paste a token." : "Paste a token to begin; make run prints one for each role.",
};
const RETRY_MILLISECONDS = 3000;
const UNAVAILABLE = 503;
const ASKING: Identity = { state: "asking", words: "Asking whose token this is …" };

interface Answer {
  data?: { viewer: { administrator: { displayName: string; role: string }; partner: { name: string } } } | null;
  errors?: { message: string }[];
}

/** The server, or the issuer of the token, does not answer at the moment: this says nothing about the token. */
class NotNow extends Error {}

async function ask(address: string, token: string): Promise<Identity> {
  const answer = await authorizedFetch(token)(address, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json;q=0.9",
    },
    body: JSON.stringify({ query: QUESTION, operationName: "TokenOwner" }),
  });
  if (answer.status === UNAVAILABLE) throw new NotNow();
  const { data, errors } = (await answer.json()) as Answer;
  if (!data) return { state: "refused", words: `Not accepted: ${errors?.[0]?.message ?? `status ${answer.status}`}` };
  const { administrator, partner } = data.viewer;
  return { state: "known", words: `${administrator.displayName} · ${inWords(administrator.role)} · ${partner.name}` };
}

/** FULL_ADMINISTRATOR → Full administrator; roles that are added later read well too. */
function inWords(name: string): string {
  const words = name.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function useIdentity(address: string, token: string): Identity {
  const [identity, setIdentity] = useState<Identity>(token ? ASKING : MISSING);
  useEffect(() => {
    setIdentity(token ? ASKING : MISSING);
    if (!token) return;
    let current = true;
    let retry = 0;
    const unreadable: Identity = { state: "refused", words: "The server's answer could not be read." };
    const askNow = () =>
      void ask(address, token)
        .then((found) => current && setIdentity(found))
        .catch((problem: unknown) => {
          if (!current) return;
          if (problem instanceof NotNow) {
            setIdentity({ state: "asking", words: "The server cannot check the token at the moment; trying again …" });
            retry = window.setTimeout(askNow, RETRY_MILLISECONDS);
          } else setIdentity(unreadable);
        });
    askNow();
    return () => {
      current = false;
      window.clearTimeout(retry);
    };
  }, [address, token]);
  return identity;
}
