/** Adds the declared costs to the descriptions of an introspection answer, so that the docs explorer shows them. */
import { fieldCosts } from "./field_costs";

interface Introspected {
  data?: { __schema?: { types: { name: string; fields: { name: string; description?: string | null }[] | null }[] } } | null;
}

export function addCosts(answer: unknown): void {
  for (const type of (answer as Introspected).data?.__schema?.types ?? []) {
    for (const field of type.fields ?? []) {
      const sentence = fieldCosts[`${type.name}.${field.name}`];
      if (sentence) field.description = [field.description, sentence].filter(Boolean).join("\n\n");
    }
  }
}
