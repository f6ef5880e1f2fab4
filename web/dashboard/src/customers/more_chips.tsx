/** The chips at the end of the query bar. One that few people use is shown if it has a value, or if it was added from the menu. */
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { Button as AriaButton } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import { FilterChip } from "../ui/filter_chip";
import { useFormats } from "../ui/formats";
import { Icon } from "../ui/icons";
import { MenuButton } from "../ui/menu_button";
import { COUNTRIES } from "./countries";
import { CountedChip } from "./counted_chip";
import { ADMINISTRATOR_NAMES } from "./documents";
import { PRESENCE_CONDITIONS, RANGE_CONDITIONS, type RangeCondition, type useListState } from "./filters";
import type { Counts } from "./use_counts";

interface Props {
  state: ReturnType<typeof useListState>;
  counts: Counts | undefined;
}

type Facets = Counts["facets"] | undefined;

const KPIS = ["TOTAL_CUSTOMERS", "NEARING_EXPIRATION", "NEARING_RENEWAL", "LOW_LICENSE_ASSIGNMENT", "OVER_LICENSE_LIMIT"];
const RangePopover = lazy(() => import("./range_popover"));

export function MoreChips({ state, counts }: Props) {
  const { t } = useTranslation();
  const facets = counts?.facets;
  return (
    <>
      <AdministratorChip state={state} facets={facets} />
      <CountryChip state={state} facets={facets} />
      <FilterChip
        label={t("filter.invoiceState")}
        chosen={state.parameters.getAll("invoiceState")}
        // A newest invoice is never void.
        values={(facets?.invoiceState ?? []).filter(({ value }) => value !== "VOID").map(({ value, count }) => ({ id: value, text: t(`invoice.${value}`), count }))}
        onChoose={(values) => state.setValues("invoiceState", values)}
      />
      <SeldomChips state={state} />
    </>
  );
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

function AdministratorChip({ state, facets }: { state: Props["state"]; facets: Facets }) {
  const { t } = useTranslation();
  const chosen = state.parameters.getAll("administrator");
  // Read when somebody is about to choose: the list itself does not need it.
  const [isNear, setNear] = useState(false);
  const [{ data }] = useQuery({ query: ADMINISTRATOR_NAMES, pause: !isNear && chosen.length === 0 });
  const count = useCountOf(facets?.administrator, idOf);
  const values = (data?.administrators?.nodes ?? []).map(({ id, displayName }) => ({ id, text: displayName, count: count(id) }));
  return (
    <span className="chip-area" onPointerEnter={() => setNear(true)} onFocus={() => setNear(true)}>
      <FilterChip label={t("filter.administrator")} chosen={chosen} values={values} onChoose={(ids) => state.setValues("administrator", ids)} />
    </span>
  );
}

function CountryChip({ state, facets }: { state: Props["state"]; facets: Facets }) {
  const { t, i18n } = useTranslation();
  const { country } = useFormats();
  const count = useCountOf(facets?.country, same);
  const values = useMemo(() => {
    const named = COUNTRIES.map((id) => ({ id, text: country(id), count: count(id) }));
    // Those that have customers come first, so that nobody looks for them among all of the world.
    return named.sort((one, other) => Number(!one.count) - Number(!other.count) || one.text.localeCompare(other.text, i18n.language));
  }, [country, count, i18n.language]);
  return <FilterChip label={t("filter.country")} chosen={state.parameters.getAll("country")} values={values} onChoose={(ids) => state.setValues("country", ids)} />;
}

/** Whether there are tags or administrators, ranges of time, key figures, and what only programs write. */
function SeldomChips({ state }: { state: Props["state"] }) {
  const { t } = useTranslation();
  const canAnalyse = usePermission("READ_ANALYTICS");
  const [added, setAdded] = useState<readonly string[]>([]);
  const names = [...PRESENCE_CONDITIONS, ...RANGE_CONDITIONS, ...(canAnalyse ? ["kpi"] : [])];
  const used = names.filter((name) => name in state.filter);
  const shown = names.filter((name) => used.includes(name) || added.includes(name));
  const rest = names.filter((name) => !shown.includes(name));
  return (
    <>
      {shown.map((name) => (
        <SeldomChip key={name} name={name} state={state} />
      ))}
      {state.parameters.has("conditions") && (
        <Button onPress={() => state.setValues("conditions", [])} className="chip chip-active">
          {t("filter.conditions")}
          <Icon name="close" width="12" height="12" />
        </Button>
      )}
      {rest.length > 0 && (
        <MenuButton
          className="button chip"
          label={t("filter.more")}
          placement="bottom start"
          groups={() => [{ id: "more", entries: rest.map((id) => ({ id, text: t(`filter.${id}`), onAction: () => setAdded((present) => [...present, id]) })) }]}
        >
          {t("filter.more")}
          <Icon name="down" width="12" height="12" />
        </MenuButton>
      )}
    </>
  );
}

function SeldomChip({ name, state }: { name: string; state: Props["state"] }) {
  const { t } = useTranslation();
  const range = RANGE_CONDITIONS.find((each) => each === name);
  if (range) return <RangeChip name={range} state={state} />;
  if (name === "kpi") {
    const product = state.parameters.get("kpiProduct");
    const suffix = product ? `: ${t(`product.${product}`)}` : "";
    const conditionOf = (kind: string) => ({ kpi: { kind, ...(product ? { product } : {}) } });
    return <CountedChip name={name} state={state} values={KPIS.map((id) => ({ id, text: `${t(`kpi.${id}`)}${suffix}` }))} conditionOf={conditionOf} />;
  }
  const values = ["true", "false"].map((id) => ({ id, text: t(`filter.is.${id}`) }));
  return <CountedChip name={name} state={state} values={values} conditionOf={(id) => ({ [name]: id === "true" })} />;
}

/** A range has no values to count: there is one for every two days. */
function RangeChip({ name, state }: { name: RangeCondition; state: Props["state"] }) {
  const { t } = useTranslation();
  const { date } = useFormats();
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
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
