/** The order of the list: the columns that order it, and what has no column or, on a phone, no head to press. */
import { useTranslation } from "react-i18next";
import { Icon } from "../ui/icons";
import { MenuButton } from "../ui/menu_button";
import type { CustomerOrderField, OrderDirection } from "../gql/graphql";
import { ORDER_FIELDS, type useListState } from "./filters";

const DIRECTIONS: readonly OrderDirection[] = ["ASC", "DESC"];

export function OrderMenu({ state: { order, setOrder } }: { state: ReturnType<typeof useListState> }) {
  const { t } = useTranslation();
  const { field, direction } = order;
  const groups = () => [
    {
      id: "field",
      title: t("listOrder.title"),
      entries: ORDER_FIELDS.map((id) => ({ id, text: t(`listOrder.${id}`) })),
      chosen: [field],
      onChoose: ([chosen]: readonly string[]) => setOrder((chosen ?? field) as CustomerOrderField, direction),
    },
    {
      id: "direction",
      title: t("listOrder.direction"),
      entries: DIRECTIONS.map((id) => ({ id, text: t(`listOrder.${id}`) })),
      chosen: [direction],
      onChoose: ([chosen]: readonly string[]) => setOrder(field, (chosen ?? direction) as OrderDirection),
    },
  ];
  return (
    <MenuButton className="button chip chip-order" label={t("listOrder.title")} placement="bottom end" groups={groups}>
      <span className="only-for-readers">{t("listOrder.title")}</span> {t(`listOrder.${field}`)}
      <Icon name={direction === "ASC" ? "up" : "down"} width="12" height="12" />
    </MenuButton>
  );
}
