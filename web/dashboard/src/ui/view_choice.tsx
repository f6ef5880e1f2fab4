/** Whose events, alerts or tags are meant: those of all customers, of the present filter, or of a saved view. */
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

interface Texts {
  /** No filter. */
  all: string;
  present: string;
}

/** `present` is the filter that is stored; null where there is none. */
export function useViewChoice(present: unknown, texts: Texts = { all: "webhooks.allCustomers", present: "webhooks.presentFilter" }): Choice {
  const { t } = useTranslation();
  const [chosen, choose] = useState(present ? PRESENT : ALL);
  const [{ data }] = useQuery({ query: VIEWS, requestPolicy: "cache-and-network" });
  const views = data?.customerViews ?? [];
  const filter = views.find(({ id }) => id === chosen)?.filter as CustomerFilter | undefined;
  const options: [string, string][] = [[ALL, t(texts.all)], ...views.map(({ id, name }): [string, string] => [id, t("webhooks.view", { name })])];
  if (present) options.splice(1, 0, [PRESENT, t(texts.present)]);
  return { fields: chosen === PRESENT ? {} : { filter: filter ?? null }, options, chosen, choose };
}

interface Props {
  choice: Choice;
  error: string | undefined;
  label?: string;
}

export function ViewChoice({ choice, error, label = "webhooks.customers" }: Props) {
  const { t } = useTranslation();
  return <SelectInput label={t(label)} value={choice.chosen} onChange={choice.choose} options={choice.options} error={error} />;
}
