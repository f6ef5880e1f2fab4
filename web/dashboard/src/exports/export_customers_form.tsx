/** Customers as a file: which of them, in which order, with which columns. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient, useQuery } from "urql";
import { VIEWS } from "../customers/documents";
import { ORDER_FIELDS } from "../customers/filters";
import type { CustomerColumn, CustomerFilter, CustomerOrderField, OrderDirection } from "../gql/graphql";
import { Choices } from "../ui/choices";
import { SelectInput } from "../ui/form";
import { EXPORT_CUSTOMERS } from "./documents";
import { ExportForm, type ExportRequest } from "./export_form";

const COLUMNS: readonly CustomerColumn[] = [
  "EXTERNAL_ID",
  "NAME",
  "DOMAIN",
  "COUNTRY",
  "MANAGED_BY",
  "STATUSES",
  "STATUS_REASONS",
  "PRODUCTS",
  "TAGS",
  "ADMINISTRATORS",
  "LICENSES_TOTAL",
  "LICENSES_ASSIGNED",
  "LICENSES_USED",
  "LICENSES_OVERAGE",
  "NEXT_EXPIRY_AT",
  "LAST_ADMINISTRATOR_SIGN_IN_AT",
  "CREATED_AT",
];
const ALL = "all";

interface Order {
  field: CustomerOrderField;
  direction: OrderDirection;
}

interface Props {
  /** The filter of the list that is exported; without it, the customers of a saved view can be chosen. */
  filter?: CustomerFilter;
  order?: Order;
  onCancel?(): void;
}

export function ExportCustomersForm({ filter, order, onCancel }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [view, setView] = useState(ALL);
  const [field, setField] = useState<CustomerOrderField>(order?.field ?? "NAME");
  const [columns, setColumns] = useState<readonly CustomerColumn[]>([]);
  const [{ data }] = useQuery({ query: VIEWS, pause: filter !== undefined });
  const views = data?.customerViews ?? [];
  const request = async (input: ExportRequest) => {
    const chosen = filter ?? (views.find(({ id }) => id === view)?.filter as CustomerFilter | undefined);
    const direction = field === order?.field ? order.direction : "ASC";
    const { data: answer, error } = await client
      .mutation(EXPORT_CUSTOMERS, { input: { ...input, filter: chosen ?? null, orderBy: { field, direction }, columns: columns.length ? [...columns] : null } })
      .toPromise();
    return { data: answer?.exportCustomers, error };
  };
  return (
    <ExportForm fields={["filter", "orderBy", "columns"]} request={request} {...(onCancel && { onCancel })}>
      {(errors) => (
        <>
          {!filter && <SelectInput label={t("exports.which")} value={view} onChange={setView} options={[[ALL, t("analytics.allCustomers")], ...views.map(({ id, name }): [string, string] => [id, t("webhooks.view", { name })])]} error={errors.filter} />}
          <SelectInput label={t("exports.order")} value={field} onChange={(value) => setField(value as CustomerOrderField)} options={ORDER_FIELDS.map((id) => [id, t(`exports.orders.${id}`)])} error={errors.orderBy} />
          <Choices label={t("exports.columns")} anyText={t("exports.allColumns")} values={COLUMNS} text={(column) => t(`exports.column.${column}`)} chosen={columns} onChange={setColumns} error={errors.columns} />
        </>
      )}
    </ExportForm>
  );
}
