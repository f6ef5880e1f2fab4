/** Alerts as a table, in which they are selected. */
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { DataTable } from "../ui/data_table";
import { useFormats } from "../ui/formats";
import { StatusLabel } from "../ui/status_chip";
import type { Alert } from "./documents";

interface Props {
  rows: readonly Alert[];
  selected: ReadonlySet<string>;
  onSelect(selected: ReadonlySet<string>): void;
}

export function AlertTable({ rows, selected, onSelect }: Props) {
  const { t } = useTranslation();
  const { instant, relative } = useFormats();
  // What is resolved stays so.
  const open = rows.filter(({ state }) => state !== "RESOLVED");
  const isAll = open.length > 0 && open.every(({ id }) => selected.has(id));
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  const all = <input type="checkbox" checked={isAll} disabled={open.length === 0} aria-label={t("alerts.selectAll")} onChange={() => onSelect(new Set(isAll ? [] : open.map(({ id }) => id)))} />;
  return (
    <DataTable
      label={t("navigation.alerts")}
      columns={[{ name: t("alerts.selectAll"), kind: "select", head: all }, t("report.column.customer"), t("column.status"), t("alerts.since"), t("alerts.rule"), t("alerts.state")]}
      rows={rows.map(({ id, customer, status, since, state, snoozedUntil, reason, rule, changedBy }) => ({
        id,
        cells: [
          state !== "RESOLVED" && <input type="checkbox" checked={selected.has(id)} aria-label={t("customers.select", { name: customer.name })} onChange={() => toggle(id)} />,
          <>
            <Link href={`/customers/${customer.id}`}>{customer.name}</Link>
            <p className="secondary small">{reason}</p>
          </>,
          <StatusLabel status={status} />,
          <span title={instant(since)}>{relative(since)}</span>,
          rule.name,
          <>
            <span className={`state alert-${state}`}>{t(`alerts.states.${state}`)}</span>
            <p className="secondary small">
              {snoozedUntil ? t("alerts.until", { when: relative(snoozedUntil) }) : ""}
              {changedBy && state !== "OPEN" ? ` ${changedBy.displayName}` : ""}
            </p>
          </>,
        ],
      }))}
    />
  );
}
