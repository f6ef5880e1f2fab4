/** What can be done with the selected customers. */
import { useTranslation } from "react-i18next";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import type { TagTask } from "./tag_dialog";

interface Props {
  count: number;
  onTag(kind: TagTask["kind"]): void;
  onClear(): void;
}

export function SelectionBar({ count, onTag, onClear }: Props) {
  const { t } = useTranslation();
  const canEdit = usePermission("EDIT_TAGS");
  return (
    <div className="selection-bar" role="toolbar" aria-label={t("selection.label")}>
      <span aria-live="polite">{t("selection.count", { count })}</span>
      {canEdit && <Button onPress={() => onTag("assign")}>{t("selection.tag")}</Button>}
      {canEdit && <Button onPress={() => onTag("remove")}>{t("selection.removeTag")}</Button>}
      <Button kind="quiet" onPress={onClear}>
        {t("selection.clear")}
      </Button>
    </div>
  );
}
