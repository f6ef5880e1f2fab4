/** A table of customers that is ordered by its columns; each row opens its customer. */
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { OrderDirection } from "../gql/graphql";
import { CardsSkeleton } from "../customer/tab_states";
import { Button } from "../ui/button";

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
  return (
    <section className="report" aria-label={title}>
      <h2>{title}</h2>
      {!rows ? (
        <CardsSkeleton />
      ) : rows.length === 0 ? (
        <p className="secondary">{t("calling.noCustomers")}</p>
      ) : (
        <div className="scroll-x">
          <table className="data-table figures-table numbers" aria-label={title}>
            <thead>
              <tr>
                {columns.map((column) => (
                  <ColumnHead key={column.name} column={column} order={order} onOrder={onOrder} />
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ customer, cells }) => (
                <tr key={customer.id}>
                  <td>
                    <Link href={`/customers/${customer.id}`}>{customer.name}</Link>
                  </td>
                  {cells.map((cell, place) => (
                    <td key={columns[place + 1]?.name}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
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

interface HeadProps<Field extends string> {
  column: TableColumn<Field>;
  order: TableOrder<Field>;
  onOrder(order: TableOrder<Field>): void;
}

function ColumnHead<Field extends string>({ column, order, onOrder }: HeadProps<Field>) {
  const { t } = useTranslation();
  const { name, field } = column;
  if (!field) return <th scope="col">{t(`calling.column.${name}`)}</th>;
  const isOrdered = order.field === field;
  const direction = isOrdered && order.direction === "DESC" ? "ASC" : "DESC";
  return (
    <th scope="col" aria-sort={isOrdered ? (order.direction === "DESC" ? "descending" : "ascending") : "none"}>
      <Button kind="quiet" className="small order-button" onPress={() => onOrder({ field, direction })}>
        {t(`calling.column.${name}`)}
        {isOrdered && (order.direction === "DESC" ? " ↓" : " ↑")}
      </Button>
    </th>
  );
}
