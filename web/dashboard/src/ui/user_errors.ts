/** The mistakes that a mutation reports: each at its field, the others above the form. */
import type { CombinedError } from "@urql/core";

export interface UserError {
  code: string;
  message: string;
  field?: readonly string[] | null;
}

/** Returns the errors of the fields by their paths below `input`, and the sentences that belong to no field shown. */
export function splitErrors(
  userErrors: readonly UserError[] | undefined,
  error: CombinedError | undefined,
  shownFields: readonly string[],
): { fields: Record<string, string>; others: string[] } {
  const fields: Record<string, string> = {};
  const others = error ? [error.graphQLErrors[0]?.message ?? error.message] : [];
  for (const { field, message } of userErrors ?? []) {
    const path = (field ?? []).slice(1).join(".");
    const shown = shownFields.find((name) => path === name || path.startsWith(`${name}.`));
    if (!message) continue;
    if (shown === undefined) others.push(message);
    else fields[shown] = fields[shown] ? `${fields[shown]} ${message}` : message;
  }
  return { fields, others };
}
