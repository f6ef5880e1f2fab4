/** A table of the pages. In a narrow place, such as a phone, each row is a card of named values: nothing scrolls sideways. */
import { tableFeatures, useTable } from "@tanstack/react-table";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import "./data_table.css";

/** Numbers stand below each other at the end of their column; a box that selects and buttons need no visible name. */
type Kind = "text" | "number" | "select" | "actions";

export interface Column {
  /** In the head, and in a narrow place beside each value. */
  name: string;
  /** In the head instead of the name: a box that selects all rows, a button that orders them. */
  head?: ReactNode;
  kind?: Kind;
  sort?: "ascending" | "descending" | "none" | undefined;
}

export interface Row {
  id: string;
  cells: readonly ReactNode[];
}

interface Props {
  label: string;
  columns: readonly (Column | string)[];
  rows: readonly Row[];
  /** The first cell of a row is what the others are about. */
  hasRowHeads?: boolean;
  className?: string;
}

export function useActionsColumn(): Column {
  return { name: useTranslation().t("column.actions"), kind: "actions" };
}

/** The API orders, selects and pages: the table only joins columns and rows. */
const FEATURES = tableFeatures({ columnMeta: {} as Column });

function useColumns(columns: Props["columns"]) {
  return useMemo(
    () =>
      columns.map((column) => {
        const meta = typeof column === "string" ? { name: column } : column;
        return { id: meta.name, meta };
      }),
    [columns],
  );
}

export function DataTable({ label, columns, rows, hasRowHeads = false, className = "" }: Props) {
  const table = useTable({ features: FEATURES, columns: useColumns(columns), data: rows, getRowId: ({ id }) => id });
  // The roles stay when the narrow form takes the display of a table away.
  return (
    <div className="table-place">
      <table role="table" className={`data-table ${className}`.trim()} aria-label={label}>
        <thead role="rowgroup">
          {table.getHeaderGroups().map(({ id, headers }) => (
            <tr key={id} role="row">
              {headers.map((header) => (
                <HeadCell key={header.id} {...(header.column.columnDef.meta ?? { name: header.id })} />
              ))}
            </tr>
          ))}
        </thead>
        <tbody role="rowgroup">
          {table.getRowModel().rows.map((row) => (
            <tr key={row.id} role="row">
              {row.getAllCells().map((cell, place) => (
                <Cell key={cell.id} column={cell.column.columnDef.meta ?? { name: cell.column.id }} isHead={hasRowHeads && place === 0}>
                  {row.original.cells[place]}
                </Cell>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function HeadCell({ name, head, kind = "text", sort }: Column) {
  return (
    <th role="columnheader" scope="col" className={`cell-of-${kind}`} aria-sort={sort} data-label={kind === "select" ? name : undefined}>
      {head ?? (kind === "actions" ? <span className="only-for-readers">{name}</span> : name)}
    </th>
  );
}

function Cell({ column: { name, kind = "text" }, isHead, children }: { column: Column; isHead: boolean; children: ReactNode }) {
  const label = kind === "text" || kind === "number" ? name : undefined;
  if (!isHead)
    return (
      <td role="cell" className={`cell-of-${kind}`} data-label={label}>
        {children}
      </td>
    );
  return (
    <th role="rowheader" scope="row" data-label={label}>
      {children}
    </th>
  );
}
