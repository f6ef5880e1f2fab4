/** The keys and what they do. */
import { useTranslation } from "react-i18next";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";

const KEYS = ["/", "j", "k", "x", "t", "Enter", "Esc", "?"];

export default function KeysDialog({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("keys.title")} onClose={onClose}>
      <dl className="keys">
        {KEYS.map((key) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`keys.${key === "/" ? "slash" : key === "?" ? "help" : key}`)}</dd>
          </div>
        ))}
      </dl>
      <div className="modal-actions">
        <Button kind="primary" autoFocus onPress={onClose}>
          {t("keys.close")}
        </Button>
      </div>
    </Dialog>
  );
}
