/** The last deliveries of a webhook, the newest attempt first. */
import { useTranslation } from "react-i18next";
import { DataTable } from "../ui/data_table";
import { NONE, useFormats } from "../ui/formats";
import type { Delivery } from "./documents";

export function DeliveryTable({ rows, isFiltered }: { rows: readonly Delivery[]; isFiltered: boolean }) {
  const { t } = useTranslation();
  const { instant, number, relative } = useFormats();
  if (rows.length === 0) return <p className="secondary">{t(isFiltered ? "webhooks.noSuchDeliveries" : "webhooks.noDeliveries")}</p>;
  return (
    <DataTable
      label={t("webhooks.deliveries")}
      columns={[t("webhooks.event"), t("webhooks.result"), t("webhooks.answer"), { name: t("webhooks.attempts"), kind: "number" }, t("webhooks.attemptedAt")]}
      rows={rows.map(({ id, state, attempts, attemptedAt, responseStatus, error, milliseconds, nextAttemptAt, event }) => ({
        id,
        cells: [
          <>
            {event ? event.summary : t("webhooks.noEvent")}
            {event && <p className="secondary small">{t(`kind.${event.kind}`)}</p>}
          </>,
          <>
            <span className={`state delivery-${state}`}>{t(`webhooks.results.${state}`)}</span>
            {nextAttemptAt && (
              <p className="secondary small" title={instant(nextAttemptAt)}>
                {t("webhooks.nextAttempt", { when: relative(nextAttemptAt) })}
              </p>
            )}
          </>,
          <div className="delivery-answer">
            <span className="numbers">{responseStatus ?? NONE}</span> <span className="secondary small numbers">{number(milliseconds)} ms</span>
            {error && <p className="secondary small">{error}</p>}
          </div>,
          number(attempts),
          <span title={instant(attemptedAt)}>{relative(attemptedAt)}</span>,
        ],
      }))}
    />
  );
}
