/** A secret, which the server shows only once. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";

export function SecretDialog({ secret, onClose }: { secret: string; onClose(): void }) {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(secret);
    setCopied(true);
  };
  return (
    <Dialog title={t("webhooks.secretTitle")} onClose={onClose}>
      <p>{t("webhooks.secretText")}</p>
      <code className="secret">{secret}</code>
      <p className="secondary small" role="status">
        {isCopied ? t("webhooks.copied") : "\u00a0"}
      </p>
      <div className="modal-actions">
        <Button onPress={() => void copy().catch(() => setCopied(false))}>{t("webhooks.copy")}</Button>
        <Button kind="primary" onPress={onClose}>
          {t("webhooks.kept")}
        </Button>
      </div>
    </Dialog>
  );
}
