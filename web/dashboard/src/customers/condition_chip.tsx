/** The chip of one condition of the list: its values with the number of customers of each, or a range of days. */
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { Button as AriaButton } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import type { CustomerStatus, TagColor } from "../gql/graphql";
import { FilterChip, type FilterValue } from "../ui/filter_chip";
import { useFormats } from "../ui/formats";
import { Icon } from "../ui/icons";
import { StatusLabel } from "../ui/status_chip";
import { TagLabel } from "../ui/tag_label";
import { COUNTRIES } from "./countries";
import { CountedChip } from "./counted_chip";
import { ADMINISTRATOR_NAMES } from "./documents";
import { DAY_CONDITIONS, type ListCondition, PRESENCE_CONDITIONS, type RangeCondition, type useListState } from "./filters";
import type { Counts } from "./use_counts";

export type ConditionName = ListCondition | (typeof DAY_CONDITIONS)[number] | (typeof PRESENCE_CONDITIONS)[number] | RangeCondition | "administrator" | "kpi";

interface Props {
  name: ConditionName;
  state: ReturnType<typeof useListState>;
  counts: Counts | undefined;
  /** Somebody has just added it from the menu, to choose its values. */
  startsOpen: boolean;
}

const DAYS = ["7", "30", "60", "90", "180"];
const KPIS = ["TOTAL_CUSTOMERS", "NEARING_EXPIRATION", "NEARING_RENEWAL", "LOW_LICENSE_ASSIGNMENT", "OVER_LICENSE_LIMIT"];
const RangePopover = lazy(() => import("./range_popover"));

export function ConditionChip(props: Props) {
  const { name } = props;
  const isOneOf = (names: readonly ConditionName[]) => names.includes(name);
  if (name === "administrator") return <AdministratorChip {...props} />;
  if (name === "country") return <CountryChip {...props} />;
  if (name === "createdAt" || name === "lastAdministratorSignInAt") return <RangeChip {...props} name={name} />;
  if (name === "kpi" || isOneOf(DAY_CONDITIONS) || isOneOf(PRESENCE_CONDITIONS)) return <ValuesChip {...props} />;
  return <FacetChip {...props} />;
}

function FacetChip({ name, state, counts, startsOpen }: Props) {
  const { t } = useTranslation();
  const facets = counts?.facets;
  const named = (group: string, rows: readonly { value: string; count: number }[] | undefined): FilterValue[] =>
    (rows ?? []).map(({ value, count }) => ({ id: value, text: t(`${group}.${value}`), count }));
  const values = (): readonly FilterValue[] => {
    if (name === "status") return named(name, facets?.status).map((value) => ({ ...value, label: <StatusLabel status={value.id as CustomerStatus} /> }));
    // A newest invoice is never void.
    if (name === "invoiceState") return named("invoice", facets?.invoiceState.filter(({ value }) => value !== "VOID"));
    if (name !== "tag") return named(name, facets?.[name as "product"]);
    return (facets?.tag ?? []).map(({ value, count }) => ({ id: value.id, text: value.name, count, label: <TagLabel tag={{ ...value, color: value.color as TagColor }} /> }));
  };
  return <FilterChip label={t(`filter.${name}`)} chosen={state.parameters.getAll(name)} values={values()} startsOpen={startsOpen} onChoose={(ids) => state.setValues(name, ids)} />;
}

/** The number of customers by value; a value that is not listed has none. */
function useCountOf(facet: readonly { value: unknown; count: number }[] | undefined, id: (value: never) => string) {
  return useMemo(() => {
    const counts = new Map(facet?.map(({ value, count }) => [id(value as never), count]));
    return (value: string) => (facet ? (counts.get(value) ?? 0) : undefined);
  }, [facet]);
}

const idOf = ({ id }: { id: string }) => id;
const same = (value: string) => value;

function AdministratorChip({ state, counts, startsOpen }: Props) {
  const { t } = useTranslation();
  const chosen = state.parameters.getAll("administrator");
  // Read when somebody is about to choose: the list itself does not need it.
  const [isNear, setNear] = useState(startsOpen);
  const [{ data }] = useQuery({ query: ADMINISTRATOR_NAMES, pause: !isNear && chosen.length === 0 });
  const count = useCountOf(counts?.facets.administrator, idOf);
  const values = (data?.administrators?.nodes ?? []).map(({ id, displayName }) => ({ id, text: displayName, count: count(id) }));
  return (
    <span className="chip-area" onPointerEnter={() => setNear(true)} onFocus={() => setNear(true)}>
      <FilterChip label={t("filter.administrator")} chosen={chosen} values={values} startsOpen={startsOpen} onChoose={(ids) => state.setValues("administrator", ids)} />
    </span>
  );
}

function CountryChip({ state, counts, startsOpen }: Props) {
  const { t, i18n } = useTranslation();
  const { country } = useFormats();
  const count = useCountOf(counts?.facets.country, same);
  const values = useMemo(() => {
    const named = COUNTRIES.map((id) => ({ id, text: country(id), count: count(id) }));
    // Those that have customers come first, so that nobody looks for them among all of the world.
    return named.sort((one, other) => Number(!one.count) - Number(!other.count) || one.text.localeCompare(other.text, i18n.language));
  }, [country, count, i18n.language]);
  return <FilterChip label={t("filter.country")} chosen={state.parameters.getAll("country")} values={values} startsOpen={startsOpen} onChoose={(ids) => state.setValues("country", ids)} />;
}

/** Windows of days, yes and no, key figures. */
function ValuesChip({ name, state, startsOpen }: Props) {
  const { t } = useTranslation();
  const common = { name, state, startsOpen };
  if (name === "kpi") {
    const product = state.parameters.get("kpiProduct");
    const suffix = product ? `: ${t(`product.${product}`)}` : "";
    const conditionOf = (kind: string) => ({ kpi: { kind, ...(product ? { product } : {}) } });
    return <CountedChip {...common} values={KPIS.map((id) => ({ id, text: `${t(`kpi.${id}`)}${suffix}` }))} conditionOf={conditionOf} />;
  }
  if (name === "hasTags" || name === "hasAssignments") {
    const values = ["true", "false"].map((id) => ({ id, text: t(`filter.is.${id}`) }));
    return <CountedChip {...common} values={values} conditionOf={(id) => ({ [name]: id === "true" })} />;
  }
  const values = DAYS.map((id) => ({ id, text: t("filter.days", { count: Number(id) }) }));
  return <CountedChip {...common} values={values} conditionOf={(days) => ({ [name]: Number(days) })} />;
}

/** A range has no values to count: there is one for every two days. */
function RangeChip({ name, state, startsOpen }: Props & { name: RangeCondition }) {
  const { t } = useTranslation();
  const { date } = useFormats();
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(startsOpen);
  const { since, until } = state.filter[name] ?? {};
  // The end is exclusive; the last day of the range is shown.
  const texts = [since && date(since as string), until && date(new Date(Date.parse(until as string) - 1).toISOString())];
  return (
    <>
      <AriaButton ref={button} className={`button chip ${since || until ? "chip-active" : ""}`} aria-haspopup="dialog" aria-expanded={isOpen} onPress={() => setOpen(true)}>
        {t(`filter.${name}`)}
        {(since || until) && <strong>{texts.map((text) => text || "…").join(" – ")}</strong>}
        <Icon name="down" width="12" height="12" />
      </AriaButton>
      {isOpen && (
        <Suspense>
          <RangePopover name={name} state={state} triggerRef={button} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
