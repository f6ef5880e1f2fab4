/** The filter and order of the page. The address holds them, so that every view can be linked and reloaded. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";
import type { CustomerFilter, CustomerOrder, CustomerOrderField, KpiKind, OrderDirection } from "../gql/graphql";

/** The conditions whose values are chosen from a list, by their names in CustomerFilter and in the address. */
export const LIST_CONDITIONS = ["status", "product", "managedBy", "subscriptionType", "tag", "country", "invoiceState"] as const;
export type ListCondition = (typeof LIST_CONDITIONS)[number];
export const DAY_CONDITIONS = ["expiresWithinDays", "renewsWithinDays"] as const;
export const PRESENCE_CONDITIONS = ["hasTags", "hasAssignments"] as const;
/** The address has the two ends of a range, such as createdAtSince. */
export const RANGE_CONDITIONS = ["createdAt", "lastAdministratorSignInAt"] as const;
export type RangeCondition = (typeof RANGE_CONDITIONS)[number];
/** Time or other customers alone can change what matches these. */
const TIME_CONDITIONS = ["kpi", ...DAY_CONDITIONS];

export const ORDER_FIELDS: readonly CustomerOrderField[] = [
  "URGENCY",
  "NAME",
  "NEXT_EXPIRY_AT",
  "LAST_ADMINISTRATOR_SIGN_IN_AT",
  "CREATED_AT",
];
const DEFAULT_ORDER: CustomerOrder = { field: "URGENCY", direction: "ASC" };

export interface ListState {
  filter: CustomerFilter;
  order: { field: CustomerOrderField; direction: OrderDirection };
  /** Time or other customers alone can change what matches, so no feed follows the list. */
  changesByTime: boolean;
}

export function readFilter(parameters: URLSearchParams): CustomerFilter {
  const filter: Record<string, unknown> = {};
  const search = parameters.get("search");
  if (search?.trim()) filter.search = search;
  for (const name of LIST_CONDITIONS) {
    const values = parameters.getAll(name);
    if (values.length) filter[name] = values;
  }
  for (const name of DAY_CONDITIONS) {
    const days = Number(parameters.get(name));
    if (Number.isInteger(days) && days > 0) filter[name] = days;
  }
  for (const name of PRESENCE_CONDITIONS) {
    const value = parameters.get(name);
    if (value !== null) filter[name] = value === "true";
  }
  const administrators = parameters.getAll("administrator");
  if (administrators.length) filter.administrator = administrators;
  const kind = parameters.get("kpi");
  if (kind) {
    const product = parameters.get("kpiProduct");
    filter.kpi = { kind: kind as KpiKind, ...(product ? { product } : {}) };
  }
  for (const name of RANGE_CONDITIONS) {
    const [since, until] = [parameters.get(`${name}Since`), parameters.get(`${name}Until`)];
    if (since || until) filter[name] = { ...(since ? { since } : {}), ...(until ? { until } : {}) };
  }
  return { ...filter, ...readConditions(parameters.get("conditions")) } as CustomerFilter;
}

/** What programs and saved views join by allOf, anyOf and not has no chip of its own. */
function readConditions(text: string | null): object {
  try {
    const { allOf, anyOf, not } = JSON.parse(text ?? "{}") as Record<string, unknown>;
    return Object.fromEntries(Object.entries({ allOf, anyOf, not }).filter(([, value]) => value !== undefined));
  } catch {
    return {};
  }
}

/** Returns the address parameters of a filter, such as one of a saved view. */
export function writeFilter(filter: Record<string, unknown>): URLSearchParams {
  const parameters = new URLSearchParams();
  const joined: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(filter)) {
    if (value === null || value === undefined) continue;
    if (name === "kpi" && typeof value === "object") {
      const { kind, product } = value as { kind: string; product?: string | null };
      parameters.set("kpi", kind);
      if (product) parameters.set("kpiProduct", product);
    } else if (["allOf", "anyOf", "not"].includes(name)) joined[name] = value;
    else if (Array.isArray(value)) {
      for (const each of value) parameters.append(name, String(each));
    } else if (typeof value === "object") {
      const { since, until } = value as { since?: string | null; until?: string | null };
      if (since) parameters.set(`${name}Since`, since);
      if (until) parameters.set(`${name}Until`, until);
    } else parameters.set(name, String(value));
  }
  if (Object.keys(joined).length) parameters.set("conditions", JSON.stringify(joined));
  return parameters;
}

function changesByTime(filter: object): boolean {
  return Object.entries(filter).some(
    ([name, value]) => TIME_CONDITIONS.includes(name) || (typeof value === "object" && value !== null && changesByTime(value as object)),
  );
}

export function useListState(): ListState & {
  parameters: URLSearchParams;
  setValues(name: string, values: readonly string[]): void;
  setOrder(field: CustomerOrderField, direction: OrderDirection): void;
  clear(): void;
} {
  const [parameters, setParameters] = useSearchParams();
  const text = parameters.toString();
  const state = useMemo(() => {
    const filter = readFilter(parameters);
    return { filter, order: readOrder(parameters), changesByTime: changesByTime(filter) };
    // The parameters are a new object at each rendering.
  }, [text]);
  const setValues = useCallback(
    (name: string, values: readonly string[]) =>
      setParameters(
        (present) => {
          present.delete(name);
          for (const value of values) present.append(name, value);
          return present;
        },
        { replace: name === "search" },
      ),
    [setParameters],
  );
  const setOrder = useCallback(
    (field: CustomerOrderField, direction: OrderDirection) =>
      setParameters((present) => {
        present.set("order", field);
        present.set("direction", direction);
        return present;
      }),
    [setParameters],
  );
  const clear = useCallback(
    () =>
      setParameters((present) => {
        const kept = new URLSearchParams();
        for (const name of ["order", "direction"]) {
          const value = present.get(name);
          if (value) kept.set(name, value);
        }
        return kept;
      }),
    [setParameters],
  );
  // The same object while the address is the same, so that what depends on it alone is not drawn again.
  return useMemo(() => ({ ...state, parameters, setValues, setOrder, clear }), [state, setValues, setOrder, clear]);
}

function readOrder(parameters: URLSearchParams): ListState["order"] {
  const field = ORDER_FIELDS.find((each) => each === parameters.get("order")) ?? DEFAULT_ORDER.field ?? "URGENCY";
  return { field, direction: parameters.get("direction") === "DESC" ? "DESC" : "ASC" };
}
