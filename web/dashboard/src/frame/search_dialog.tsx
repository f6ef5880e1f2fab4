/** Search from any page: the customer that is chosen opens. */
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { CustomerSearch } from "../ui/customer_search";
import { Dialog } from "../ui/dialog";

export default function SearchDialog({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  return (
    <Dialog title={t("search.title")} onClose={onClose}>
      <CustomerSearch
        label={t("search.label")}
        autoFocus
        onChoose={({ id }) => {
          onClose();
          navigate(`/customers/${id}`);
        }}
      />
    </Dialog>
  );
}
