/** A table of customers that is ordered by its columns; each row opens its customer. */
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { OrderDirection } from "../gql/graphql";
import { CardsSkeleton } from "../customer/tab_states";
import { Button } from "../ui/button";
import { type Column, DataTable } from "../ui/data_table";

export interface TableOrder<Field extends string> {
  field: Field;
  direction: OrderDirection;
}

export interface TableColumn<Field extends string> {
  name: string;
  /** Absent where the API does not order by this column. */
  field?: Field;
}

interface Props<Field extends string> {
  title: string;
  columns: readonly TableColumn<Field>[];
  /** Undefined while they are loading. */
  rows: readonly { customer: { id: string; name: string }; cells: readonly string[] }[] | undefined;
  total: number;
  order: TableOrder<Field>;
  onOrder(order: TableOrder<Field>): void;
  /** Reads more rows; undefined where the API returns no more at once. */
  onMore: (() => void) | undefined;
}

export function CustomerFiguresTable<Field extends string>({ title, columns, rows, total, order, onOrder, onMore }: Props<Field>) {
  const { t } = useTranslation();
  const headOf = ({ name, field }: TableColumn<Field>, kind: "text" | "number"): Column => {
    const text = t(`calling.column.${name}`);
    if (!field) return { name: text, kind };
    const isDescending = order.field === field && order.direction === "DESC";
    const sort = order.field !== field ? "none" : isDescending ? "descending" : "ascending";
    const head = (
      <Button kind="quiet" className="small order-button" onPress={() => onOrder({ field, direction: isDescending ? "ASC" : "DESC" })}>
        {text}
        {sort !== "none" && (isDescending ? " ↓" : " ↑")}
      </Button>
    );
    return { name: text, kind, sort, head };
  };
  return (
    <section className="report" aria-label={title}>
      <h2>{title}</h2>
      {!rows ? (
        <CardsSkeleton />
      ) : rows.length === 0 ? (
        <p className="secondary">{t("calling.noCustomers")}</p>
      ) : (
        <DataTable
          label={title}
          columns={columns.map((column, place) => headOf(column, place === 0 ? "text" : "number"))}
          rows={rows.map(({ customer, cells }) => ({ id: customer.id, cells: [<Link href={`/customers/${customer.id}`}>{customer.name}</Link>, ...cells] }))}
        />
      )}
      {rows && total > rows.length && (
        <p className="secondary small more-rows">
          {t("report.more", { shown: rows.length, total })}
          {onMore && <Button onPress={onMore}>{t("calling.more")}</Button>}
        </p>
      )}
    </section>
  );
}
