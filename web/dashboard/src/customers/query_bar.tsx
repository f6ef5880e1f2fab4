/** The query bar: free text, and a chip for each condition, whose list of values shows how many customers have each. */
import { memo, useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/button";
import { FilterChip, type FilterValue } from "../ui/filter_chip";
import { SearchBox } from "../ui/search_box";
import { StatusLabel } from "../ui/status_chip";
import { TagLabel } from "../ui/tag_label";
import { CountedChip } from "./counted_chip";
import { DAY_CONDITIONS, type useListState } from "./filters";
import { MoreChips } from "./more_chips";
import { OrderMenu } from "./order_menu";
import type { Counts } from "./use_counts";
import type { CustomerStatus, TagColor } from "../gql/graphql";

type State = ReturnType<typeof useListState>;

const DAYS = ["7", "30", "60", "90", "180"];

// More rows and changes of them draw none of its chips again.
export const QueryBar = memo(function QueryBar({ state, counts }: { state: State; counts: Counts | undefined }) {
  const { t } = useTranslation();
  const facets = counts?.facets;
  const named = (condition: string, rows: readonly { value: string; count: number }[] | undefined): FilterValue[] =>
    (rows ?? []).map(({ value, count }) => ({ id: value, text: t(`${condition}.${value}`), count }));
  const statuses = named("status", facets?.status).map((value) => ({
    ...value,
    label: <StatusLabel status={value.id as CustomerStatus} />,
  }));
  const tags = (facets?.tag ?? []).map(({ value, count }) => ({
    id: value.id,
    text: value.name,
    count,
    label: <TagLabel tag={{ ...value, color: value.color as TagColor }} />,
  }));
  const isEmpty = Object.keys(state.filter).length === 0;
  return (
    <div className="query-bar" role="search">
      <Search state={state} />
      <Chip state={state} name="status" values={statuses} />
      <Chip state={state} name="product" values={named("product", facets?.product)} />
      <Chip state={state} name="managedBy" values={named("managedBy", facets?.managedBy)} />
      <Chip state={state} name="subscriptionType" values={named("subscriptionType", facets?.subscriptionType)} />
      <Chip state={state} name="tag" values={tags} />
      {DAY_CONDITIONS.map((name) => (
        <CountedChip
          key={name}
          state={state}
          name={name}
          values={DAYS.map((days) => ({ id: days, text: t("filter.days", { count: Number(days) }) }))}
          conditionOf={(days) => ({ [name]: Number(days) })}
        />
      ))}
      <MoreChips state={state} counts={counts} />
      {!isEmpty && (
        <Button kind="quiet" onPress={state.clear}>
          {t("filter.clear")}
        </Button>
      )}
      <OrderMenu state={state} />
    </div>
  );
});

function Search({ state }: { state: State }) {
  const { t } = useTranslation();
  const { parameters, setValues } = state;
  const search = useCallback((text: string) => setValues("search", text ? [text] : []), [setValues]);
  return <SearchBox id="customer-search" label={t("filter.search")} text={parameters.get("search") ?? ""} onSearch={search} />;
}

interface ChipProps {
  state: State;
  name: string;
  values: readonly FilterValue[];
}

function Chip({ state, name, ...rest }: ChipProps) {
  const { t } = useTranslation();
  return <FilterChip label={t(`filter.${name}`)} chosen={state.parameters.getAll(name)} onChoose={(values) => state.setValues(name, values)} {...rest} />;
}
