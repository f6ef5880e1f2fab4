/** A form that is based on a version. Where somebody else made another one meanwhile, it shows this and what is sent. */
import { useState } from "react";
import { Facts } from "./facts";
import type { UserError } from "./user_errors";
import "./stale.css";

interface Versioned {
  version: number;
}

/** `read` returns the present object. Its version replaces the form's: sent again, the form replaces what was shown. */
export function useVersion<Object extends Versioned>(based: Versioned, read: () => Promise<Object | null | undefined>) {
  const [version, setVersion] = useState(based.version);
  const [other, setOther] = useState<Object | null>(null);
  /** Call it with the mistakes of each answer; it returns those that the form shows. */
  const check = async (userErrors: readonly UserError[] | undefined) => {
    if (!userErrors?.some(isStale)) return userErrors;
    const present = await read();
    setOther(present ?? null);
    if (!present) return userErrors;
    setVersion(present.version);
    // What has happened is said beside the other version.
    return userErrors.map((mistake) => (isStale(mistake) ? { ...mistake, message: "" } : mistake));
  };
  const accept = (saved: Versioned) => {
    setVersion(saved.version);
    setOther(null);
  };
  return { version, other, check, accept };
}

function isStale({ code }: UserError): boolean {
  return code === "STALE";
}

interface Props {
  /** What has happened and what sending again does. */
  text: string;
  /** The values of the other version, with their names. */
  values: readonly (readonly [name: string, value: string])[];
}

export function Stale({ text, values }: Props) {
  return (
    <div className="stale" role="alert">
      <p>{text}</p>
      <Facts facts={values} className="stale-values" />
    </div>
  );
}
