/** One webhook: its facts, what can be done with it, and its last deliveries. */
import { useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient, useQuery } from "urql";
import { useReadAgain } from "../api/read_again";
import type { WebhookDeliveryState } from "../gql/graphql";
import { Button } from "../ui/button";
import { Failure } from "../ui/failure";
import { Facts } from "../ui/facts";
import { FilterChip } from "../ui/filter_chip";
import { FormDialog, TextAreaInput } from "../ui/form";
import { useFormats } from "../ui/formats";
import { DeliveryTable } from "./delivery_table";
import { DELETE_WEBHOOK, REPLAY_WEBHOOK, ROTATE_SECRET, TEST_WEBHOOK, UPDATE_WEBHOOK, WEBHOOK_DELIVERIES, type Webhook } from "./documents";
import { WebhookDialog } from "./webhook_dialog";
import { Lag, WebhookState } from "./webhooks_tab";

interface Props {
  webhook: Webhook;
  onSecret(secret: string): void;
  onChanged(): void;
  onBack(): void;
}

type Task = "change" | "rotate" | "replay" | "delete";

const STATES: readonly WebhookDeliveryState[] = ["DELIVERED", "RETRYING", "FAILED"];
const PAGE_SIZE = 25;
const MOST = 200;
/** Deliveries are no events of the log, so they are read again while the page is visible. */
const READ_AGAIN_MILLISECONDS = 5_000;

export function WebhookDetails({ webhook, onSecret, onChanged, onBack }: Props) {
  const { t } = useTranslation();
  const [task, setTask] = useState<Task | null>(null);
  const [states, setStates] = useState<readonly string[]>([]);
  const [first, setFirst] = useState(PAGE_SIZE);
  const variables = { id: webhook.id, state: states.length ? (states as WebhookDeliveryState[]) : null, first };
  const [{ data, error }, read] = useQuery({ query: WEBHOOK_DELIVERIES, variables, requestPolicy: "cache-and-network" });
  const refresh = useCallback(() => read({ requestPolicy: "network-only" }), [read]);
  useReadAgain(refresh, READ_AGAIN_MILLISECONDS);
  const end = () => {
    setTask(null);
    onChanged();
    refresh();
  };
  const present = data?.node?.__typename === "Webhook" ? data.node : undefined;
  const deliveries = present?.deliveries;
  return (
    <section className="webhook" aria-label={webhook.name}>
      <div className="customer-title">
        <div>
          <button type="button" className="link-button" onClick={onBack}>
            ← {t("webhooks.back")}
          </button>
          <h2>
            {webhook.name} <WebhookState webhook={present ?? webhook} />
          </h2>
        </div>
        <Actions webhook={present ?? webhook} onTask={setTask} onChanged={end} />
      </div>
      <p className="secondary">{t(`webhooks.stateText.${(present ?? webhook).state}`)}</p>
      <WebhookFacts webhook={present ?? webhook} />
      <div className="customer-title">
        <h3>{t("webhooks.deliveries")}</h3>
        <FilterChip label={t("webhooks.result")} chosen={states} onChoose={setStates} values={STATES.map((id) => ({ id, text: t(`webhooks.results.${id}`) }))} />
      </div>
      {error && !deliveries && <Failure error={error} onRetry={refresh} />}
      {deliveries && <DeliveryTable rows={deliveries.nodes} isFiltered={states.length > 0} />}
      {deliveries?.pageInfo.hasNextPage && first < MOST && <Button onPress={() => setFirst((count) => Math.min(MOST, count * 2))}>{t("webhooks.more")}</Button>}
      {task === "change" && <WebhookDialog webhook={present ?? webhook} onDone={end} onClose={() => setTask(null)} />}
      {task === "rotate" && <RotateDialog webhook={webhook} onDone={(secret) => (end(), onSecret(secret))} onClose={() => setTask(null)} />}
      {task === "replay" && <ReplayDialog webhook={webhook} onDone={end} onClose={() => setTask(null)} />}
      {task === "delete" && <DeleteDialog webhook={webhook} onDone={() => (onBack(), onChanged())} onClose={() => setTask(null)} />}
    </section>
  );
}

function Actions({ webhook, onTask, onChanged }: { webhook: Webhook; onTask(task: Task): void; onChanged(): void }) {
  const { t } = useTranslation();
  const client = useClient();
  const { number } = useFormats();
  const { id, version, state } = webhook;
  const [result, setResult] = useState("");
  const [isBusy, setBusy] = useState(false);
  const run = async (work: () => Promise<string | undefined>) => {
    setBusy(true);
    setResult("");
    setResult((await work()) ?? "");
    setBusy(false);
    onChanged();
  };
  const pause = async () => {
    const input = { id, version, paused: state === "ACTIVE", idempotencyKey: crypto.randomUUID() };
    const { data, error } = await client.mutation(UPDATE_WEBHOOK, { input }).toPromise();
    return data?.updateWebhook?.userErrors[0]?.message ?? error?.message;
  };
  const test = async () => {
    const { data, error } = await client.mutation(TEST_WEBHOOK, { input: { id, idempotencyKey: crypto.randomUUID() } }).toPromise();
    const delivery = data?.testWebhook?.delivery;
    if (!delivery) return data?.testWebhook?.userErrors[0]?.message ?? error?.message;
    const { state: outcome, responseStatus, milliseconds } = delivery;
    return outcome === "DELIVERED" ? t("webhooks.testDelivered", { status: responseStatus, time: number(milliseconds) }) : t("webhooks.testFailed", { reason: delivery.error });
  };
  return (
    <div className="webhook-actions">
      <div className="customer-actions">
        <Button isDisabled={isBusy} onPress={() => void run(test)}>
          {t("webhooks.test")}
        </Button>
        <Button isDisabled={isBusy} onPress={() => void run(pause)}>
          {t(state === "ACTIVE" ? "webhooks.pause" : "webhooks.resume")}
        </Button>
        {(["change", "rotate", "replay", "delete"] as const).map((task) => (
          <Button key={task} kind={task === "delete" ? "quiet" : "default"} onPress={() => onTask(task)}>
            {t(`webhooks.${task}`)}
          </Button>
        ))}
      </div>
      <p role="status" className="secondary">
        {isBusy ? t("state.loading") : result}
      </p>
    </div>
  );
}

function WebhookFacts({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const { date } = useFormats();
  const facts: [string, React.ReactNode][] = [
    [t("webhooks.url"), <code key="url">{webhook.url}</code>],
    [t("webhooks.kinds"), webhook.kinds.map((kind) => t(`kind.${kind}`)).join(", ") || t("webhooks.allKinds")],
    [t("webhooks.statuses"), webhook.statuses.map((status) => t(`status.${status}`)).join(", ") || t("webhooks.anyStatus")],
    [t("webhooks.customers"), webhook.filter ? t("webhooks.someCustomers") : t("webhooks.allCustomers")],
    [t("webhooks.lag"), <Lag key="lag" seconds={webhook.lagSeconds} />],
    [t("webhooks.createdBy"), `${webhook.createdBy.displayName}, ${date(webhook.createdAt)}`],
  ];
  return <Facts facts={facts} />;
}

interface DialogProps<Result = void> {
  webhook: Webhook;
  onDone(result: Result): void;
  onClose(): void;
}

function RotateDialog({ webhook: { id, name }, onDone, onClose }: DialogProps<string>) {
  const { t } = useTranslation();
  const client = useClient();
  const secret = useRef("");
  const send = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(ROTATE_SECRET, { input: { id, idempotencyKey } }).toPromise();
    secret.current = data?.rotateWebhookSecret?.secret ?? "";
    return { userErrors: data?.rotateWebhookSecret?.userErrors, error };
  };
  return (
    <FormDialog title={t("webhooks.rotateName", { name })} action={t("webhooks.rotate")} send={send} onDone={() => onDone(secret.current)} onClose={onClose}>
      {() => <p>{t("webhooks.rotateText")}</p>}
    </FormDialog>
  );
}

function ReplayDialog({ webhook: { id, name }, onDone, onClose }: DialogProps) {
  const { t } = useTranslation();
  const client = useClient();
  const [after, setAfter] = useState("");
  const send = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(REPLAY_WEBHOOK, { input: { id, after: after.trim(), idempotencyKey } }).toPromise();
    return { userErrors: data?.replayWebhook?.userErrors, error };
  };
  return (
    <FormDialog title={t("webhooks.replayName", { name })} action={t("webhooks.replay")} fields={["after"]} send={send} onDone={onDone} onClose={onClose}>
      {(errors) => (
        <>
          <p>{t("webhooks.replayText")}</p>
          <TextAreaInput label={t("webhooks.cursor")} value={after} onChange={setAfter} error={errors.after} autoFocus />
        </>
      )}
    </FormDialog>
  );
}

function DeleteDialog({ webhook: { id, name }, onDone, onClose }: DialogProps) {
  const { t } = useTranslation();
  const client = useClient();
  const send = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(DELETE_WEBHOOK, { input: { id, idempotencyKey } }).toPromise();
    return { userErrors: data?.deleteWebhook?.userErrors, error };
  };
  return (
    <FormDialog title={t("webhooks.deleteName", { name })} action={t("webhooks.deleteName", { name })} isDangerous send={send} onDone={onDone} onClose={onClose}>
      {() => <p>{t("webhooks.deleteText")}</p>}
    </FormDialog>
  );
}
