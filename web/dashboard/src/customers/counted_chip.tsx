/** A chip whose values no facet counts: windows of days, yes and no, key figures. They are counted when somebody is near. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import type { CustomerFilter } from "../gql/graphql";
import { FilterChip, type FilterValue } from "../ui/filter_chip";
import { COUNTS_OF_VALUES } from "./documents";
import type { useListState } from "./filters";

interface Props {
  state: ReturnType<typeof useListState>;
  name: string;
  /** At most five, which one operation counts. */
  values: readonly FilterValue[];
  conditionOf(id: string): Record<string, unknown>;
  startsOpen: boolean;
}

export function CountedChip({ state, name, values, conditionOf, startsOpen }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [counts, setCounts] = useState<{ of: CustomerFilter; numbers: readonly (number | undefined)[] } | undefined>();
  const count = async () => {
    const of = state.filter;
    // Like a facet, it leaves out the present condition of its own name.
    const filters = values.map(({ id }) => ({ ...of, ...conditionOf(id) }) as CustomerFilter);
    const [one = of, two = one, three = one, four = one, five = one] = filters;
    const { data } = await client.query(COUNTS_OF_VALUES, { one, two, three, four, five }, { requestPolicy: "network-only" }).toPromise();
    if (data) setCounts({ of, numbers: [data.one, data.two, data.three, data.four, data.five].map((found) => found?.totalCount) });
  };
  const isCurrent = counts?.of === state.filter;
  return (
    <span className="chip-area" onPointerEnter={() => void count()} onFocus={() => !isCurrent && void count()}>
      <FilterChip
        label={t(`filter.${name}`)}
        chosen={state.parameters.getAll(name)}
        isSingle
        startsOpen={startsOpen}
        values={values.map((value, place) => ({ ...value, count: isCurrent ? counts.numbers[place] : undefined }))}
        onChoose={(ids) => state.setValues(name, ids)}
      />
    </span>
  );
}
