/** The filter and order of the page. The address holds them, so that every view can be linked and reloaded. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";
import type { CustomerFilter, CustomerOrder, CustomerOrderField, KpiKind, OrderDirection } from "../gql/graphql";

/** The conditions whose values are chosen from a list, by their names in CustomerFilter and in the address. */
export const LIST_CONDITIONS = ["status", "product", "managedBy", "subscriptionType", "tag", "country", "invoiceState"] as const;
export type ListCondition = (typeof LIST_CONDITIONS)[number];
export const DAY_CONDITIONS = ["expiresWithinDays", "renewsWithinDays"] as const;
export type DayCondition = (typeof DAY_CONDITIONS)[number];

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
  for (const name of ["hasTags", "hasAssignments"]) {
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
  return filter as CustomerFilter;
}

/** Returns the address parameters of a filter, such as one of a saved view; undefined where the page cannot show it. */
export function writeFilter(filter: Record<string, unknown>): URLSearchParams | undefined {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    if (value === null || value === undefined) continue;
    if (name === "kpi" && typeof value === "object") {
      const { kind, product } = value as { kind: string; product?: string | null };
      parameters.set("kpi", kind);
      if (product) parameters.set("kpiProduct", product);
    } else if (Array.isArray(value) && name !== "allOf" && name !== "anyOf") {
      for (const each of value) parameters.append(name, String(each));
    } else if (typeof value === "object") return undefined;
    else parameters.set(name, String(value));
  }
  return parameters;
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
    return { filter, order: readOrder(parameters), changesByTime: "kpi" in filter || DAY_CONDITIONS.some((name) => name in filter) };
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
  return { ...state, parameters, setValues, setOrder, clear };
}

function readOrder(parameters: URLSearchParams): ListState["order"] {
  const field = ORDER_FIELDS.find((each) => each === parameters.get("order")) ?? DEFAULT_ORDER.field ?? "URGENCY";
  return { field, direction: parameters.get("direction") === "DESC" ? "DESC" : "ASC" };
}
