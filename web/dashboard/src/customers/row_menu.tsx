/** The menu of a row: one for the whole table, at the button that was pressed last. */
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePermission } from "../session/viewer";
import { type MenuEntry, MenuPopover } from "../ui/menu_button";
import type { CustomerRow } from "./documents";
import { useLaunch } from "./launch";

export interface OpenMenu {
  customer: CustomerRow;
  button: HTMLElement;
}

interface Props extends OpenMenu {
  onTag(ids: readonly string[]): void;
  onClose(): void;
}

export function RowMenu({ customer, button, onTag, onClose }: Props) {
  const { t } = useTranslation();
  const launch = useLaunch();
  const canTag = usePermission("EDIT_TAGS");
  const canLaunch = usePermission("LAUNCH_CUSTOMER");
  const [triggerRef] = useState({ current: button });
  const { id, name } = customer;
  const entries: MenuEntry[] = [{ id: "open", text: t("customers.open"), href: `/customers/${id}` }];
  if (canTag) entries.push({ id: "tags", text: t("tags.editShort"), onAction: () => onTag([id]) });
  if (canLaunch) entries.push({ id: "launch", text: t("customers.launch"), onAction: () => void launch(id) });
  return (
    <Suspense>
      <MenuPopover label={t("customers.actions", { name })} placement="bottom end" groups={[{ id: "actions", entries }]} triggerRef={triggerRef} onClose={onClose} />
    </Suspense>
  );
}
