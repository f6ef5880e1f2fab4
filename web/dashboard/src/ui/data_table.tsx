/** A table of the pages: a head of names, and rows. It scrolls sideways where its place is narrow. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

interface Props {
  label?: string;
  columns: readonly ReactNode[];
  /** A last column for the buttons of each row, whose name only readers need. */
  hasActions?: boolean;
  className?: string;
  children: ReactNode;
}

export function DataTable({ label, columns, hasActions = false, className = "", children }: Props) {
  const { t } = useTranslation();
  return (
    <div className="scroll-x">
      <table className={`data-table ${className}`.trim()} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column, place) => (
              // The columns of a table never change their order.
              <th key={place} scope="col">
                {column}
              </th>
            ))}
            {hasActions && (
              <th scope="col">
                <span className="only-for-readers">{t("column.actions")}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
