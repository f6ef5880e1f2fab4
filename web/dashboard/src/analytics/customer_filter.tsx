/** The customers whom the page is about: all, those of a tag, a saved view or a country. The address holds the choice. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { useSearchParams } from "wouter";
import { COUNTRIES_OF_CUSTOMERS, TAGS, VIEWS } from "../customers/documents";
import type { CustomerFilter } from "../gql/graphql";
import { useFormats } from "../ui/formats";

const NAMES = ["tag", "view", "country"] as const;

export interface ChosenFilter {
  /** Undefined while a saved view is read. */
  filter: CustomerFilter | undefined;
  /** The element that shows the choice and changes it. */
  select: React.ReactNode;
}

export function useCustomerFilter(): ChosenFilter {
  const { t } = useTranslation();
  const [parameters, setParameters] = useSearchParams();
  const [tags] = useQuery({ query: TAGS, variables: { search: null } });
  const [views] = useQuery({ query: VIEWS });
  const [countries] = useQuery({ query: COUNTRIES_OF_CUSTOMERS });
  const { country: countryName } = useFormats();
  const [tag, view, country] = NAMES.map((name) => parameters.get(name));
  const viewFilter = views.data?.customerViews?.find(({ id }) => id === view)?.filter as CustomerFilter | null | undefined;
  const isReading = !!view && !views.data && !views.error;
  const filter = useMemo((): CustomerFilter | undefined => {
    if (tag) return { tag: [tag] };
    if (country) return { country: [country] };
    return isReading ? undefined : (viewFilter ?? {});
  }, [tag, country, isReading, viewFilter]);
  const choose = (value: string) =>
    setParameters((present) => {
      for (const name of NAMES) present.delete(name);
      const [name, id] = value.split(" ");
      if (name && id) present.set(name, id);
      return present;
    });
  const group = (name: (typeof NAMES)[number], label: string, options: readonly { id: string; name: string }[] | null | undefined) =>
    options && options.length > 0 && (
      <optgroup label={label}>
        {options.map((option) => (
          <option key={option.id} value={`${name} ${option.id}`}>
            {option.name}
          </option>
        ))}
      </optgroup>
    );
  const codes = countries.data?.customers?.facets.country.map(({ value }) => value) ?? (country ? [country] : []);
  const named = codes.map((id) => ({ id, name: countryName(id) })).sort((one, other) => one.name.localeCompare(other.name));
  const select = (
    <label className="inline-field">
      <span className="secondary">{t("exports.which")}</span>
      <select value={tag ? `tag ${tag}` : view ? `view ${view}` : country ? `country ${country}` : ""} onChange={(event) => choose(event.target.value)}>
        <option value="">{t("analytics.allCustomers")}</option>
        {group("tag", t("column.tags"), tags.data?.tags)}
        {group("view", t("views.label"), views.data?.customerViews)}
        {group("country", t("filter.country"), named)}
      </select>
    </label>
  );
  return { filter, select };
}
