/** Whose events or alerts are meant: those of all customers, of the present filter, or of a saved view. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { VIEWS } from "../customers/documents";
import type { CustomerFilter } from "../gql/graphql";
import { SelectInput } from "./form";

const ALL = "all";
const PRESENT = "present";

interface Choice {
  /** The fields to send: none where the present filter stays. */
  fields: { filter?: CustomerFilter | null };
  options: readonly (readonly [id: string, text: string])[];
  chosen: string;
  choose(id: string): void;
}

/** `present` is the filter that is stored; null where there is none. */
export function useViewChoice(present: unknown): Choice {
  const { t } = useTranslation();
  const [chosen, choose] = useState(present ? PRESENT : ALL);
  const [{ data }] = useQuery({ query: VIEWS });
  const views = data?.customerViews ?? [];
  const filter = views.find(({ id }) => id === chosen)?.filter as CustomerFilter | undefined;
  const options: [string, string][] = [[ALL, t("webhooks.allCustomers")], ...views.map(({ id, name }): [string, string] => [id, t("webhooks.view", { name })])];
  if (present) options.splice(1, 0, [PRESENT, t("webhooks.presentFilter")]);
  return { fields: chosen === PRESENT ? {} : { filter: filter ?? null }, options, chosen, choose };
}

export function ViewChoice({ choice, error }: { choice: Choice; error: string | undefined }) {
  const { t } = useTranslation();
  return <SelectInput label={t("webhooks.customers")} value={choice.chosen} onChange={choice.choose} options={choice.options} error={error} />;
}
