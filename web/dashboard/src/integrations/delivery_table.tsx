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
    <DataTable label={t("webhooks.deliveries")} columns={[t("webhooks.event"), t("webhooks.result"), t("webhooks.answer"), t("webhooks.attempts"), t("webhooks.attemptedAt")]}>
      {rows.map(({ id, state, attempts, attemptedAt, responseStatus, error, milliseconds, nextAttemptAt, event }) => (
        <tr key={id}>
          <td>
            {event ? event.summary : t("webhooks.noEvent")}
            {event && <p className="secondary small">{t(`kind.${event.kind}`)}</p>}
          </td>
          <td>
            <span className={`state delivery-${state}`}>{t(`webhooks.results.${state}`)}</span>
            {nextAttemptAt && (
              <p className="secondary small" title={instant(nextAttemptAt)}>
                {t("webhooks.nextAttempt", { when: relative(nextAttemptAt) })}
              </p>
            )}
          </td>
          <td className="delivery-answer">
            <span className="numbers">{responseStatus ?? NONE}</span> <span className="secondary small numbers">{number(milliseconds)} ms</span>
            {error && <p className="secondary small">{error}</p>}
          </td>
          <td className="numbers">{number(attempts)}</td>
          <td className="numbers" title={instant(attemptedAt)}>
            {relative(attemptedAt)}
          </td>
        </tr>
      ))}
    </DataTable>
  );
}
