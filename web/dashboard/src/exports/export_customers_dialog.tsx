/** The list of customers as it is shown, as a file. */
import { useTranslation } from "react-i18next";
import type { CustomerFilter } from "../gql/graphql";
import type { ListState } from "../customers/filters";
import { Dialog } from "../ui/dialog";
import { ExportCustomersForm } from "./export_customers_form";

interface Props {
  filter: CustomerFilter;
  order: ListState["order"];
  total: number | undefined;
  onClose(): void;
}

export default function ExportCustomersDialog({ filter, order, total, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("exports.customersTitle", { count: total ?? 0 })} onClose={onClose}>
      <ExportCustomersForm filter={filter} order={order} onCancel={onClose} />
    </Dialog>
  );
}
