/** The subscriptions of a customer: dates, licences, the invoice, and the history of orders. */
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import { DataTable } from "../ui/data_table";
import { Failure } from "../ui/failure";
import { NONE, useFormats } from "../ui/formats";
import type { TabProps } from "./customer_page";
import { COMPLETE_ORDER_SETUP, SUBSCRIPTIONS, type SubscriptionCard } from "./documents";
import { LicenseLines } from "./license_lines";
import { CardsSkeleton, EmptyTab } from "./tab_states";
import { usePart } from "./use_part";

export function SubscriptionsTab({ customer, changes }: TabProps) {
  const { t } = useTranslation();
  const [{ data, error }, read] = usePart(SUBSCRIPTIONS, customer.id, changes);
  if (error && !data) return <Failure error={error} onRetry={() => read({ requestPolicy: "network-only" })} />;
  if (!data?.customer) return <CardsSkeleton />;
  const { subscriptions } = data.customer;
  if (subscriptions.length === 0) return <EmptyTab title={t("subscription.none")} text={t("subscription.noneText")} />;
  return (
    <ul className="cards">
      {subscriptions.map((subscription) => (
        <li key={subscription.id}>
          <Card subscription={subscription} />
        </li>
      ))}
    </ul>
  );
}

function Card({ subscription }: { subscription: SubscriptionCard }) {
  const { t } = useTranslation();
  const { date, money, relative } = useFormats();
  const { number, state, startsAt, endsAt, renewsAt, termMonths, invoice } = subscription;
  const isOver = state === "EXPIRED" || state === "CANCELLED";
  return (
    <section className={`card ${isOver ? "card-over" : ""}`} aria-label={number}>
      <header className="card-head">
        <h2>{number}</h2>
        <span className={`state state-${state}`}>{t(`state.${state}`)}</span>
        {state === "READY_FOR_SETUP" && <CompleteSetup id={subscription.id} number={number} />}
      </header>
      <dl className="facts">
        <Fact name={t("subscription.term")} value={`${date(startsAt)} – ${date(endsAt)}`} />
        <Fact
          name={t(renewsAt ? "subscription.renews" : "subscription.ends")}
          value={`${relative(renewsAt ?? endsAt)}${renewsAt ? ` (${t("subscription.months", { count: termMonths })})` : ""}`}
        />
        {invoice && (
          <Fact
            name={t("subscription.invoice", { number: invoice.number })}
            value={`${t(`invoice.${invoice.state}`)} · ${money(invoice.total.amount, invoice.total.currency)} · ${t("subscription.due", { date: date(invoice.dueOn) })}`}
          />
        )}
      </dl>
      <LicenseLines lines={subscription.licenses} />
      <Orders subscription={subscription} />
    </section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt className="secondary small">{name}</dt>
      <dd className="numbers">{value}</dd>
    </div>
  );
}

function Orders({ subscription }: { subscription: SubscriptionCard }) {
  const { t } = useTranslation();
  const { date, money, number } = useFormats();
  const { nodes, pageInfo } = subscription.orders;
  if (nodes.length === 0) return null;
  return (
    <details>
      <summary className="secondary">{t("order.history", { count: nodes.length })}</summary>
      <DataTable
        label={t("order.history", { count: nodes.length })}
        columns={[...["placedAt", "number", "kind", "lines"].map((name) => t(`order.${name}`)), { name: t("order.total"), kind: "number" }]}
        rows={nodes.map(({ id, placedAt, number: name, kind, lines, total }) => ({
          id,
          cells: [
            date(placedAt),
            name,
            t(`orderKind.${kind}`),
            lines.map((line) => `${number(line.quantity)} × ${t(`product.${line.product}`)}`).join(", "),
            total ? money(total.amount, total.currency) : NONE,
          ],
        }))}
      />
      {pageInfo.hasNextPage && <p className="secondary small">{t("order.more")}</p>}
    </details>
  );
}

function CompleteSetup({ id, number }: { id: string; number: string }) {
  const { t } = useTranslation();
  const client = useClient();
  if (!usePermission("SET_UP_ORDERS")) return null;
  const complete = () => client.mutation(COMPLETE_ORDER_SETUP, { input: { subscription: id, idempotencyKey: `setup-${id}` } }).toPromise();
  return (
    <Button aria-label={t("subscription.setUpOf", { number })} onPress={() => void complete()}>
      {t("subscription.setUp")}
    </Button>
  );
}
