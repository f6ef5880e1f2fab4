/** Creating a webhook, and changing one. */
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import type { ActivityKind, CustomerStatus } from "../gql/graphql";
import { Choices } from "../ui/choices";
import { FormDialog, TextInput } from "../ui/form";
import { Stale, useVersion } from "../ui/stale";
import { useViewChoice, ViewChoice } from "../ui/view_choice";
import { CREATE_WEBHOOK, UPDATE_WEBHOOK, type Webhook, WEBHOOKS } from "./documents";
import { EVENT_KINDS, STATUSES } from "./event_kinds";

interface Props {
  /** Without it, a new one is created. */
  webhook?: Webhook;
  onDone(webhook: Webhook, secret: string | null | undefined): void;
  onClose(): void;
}

const FIELDS = ["name", "url", "kinds", "statuses", "filter"];

export function WebhookDialog({ webhook, onDone, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [name, setName] = useState(webhook?.name ?? "");
  const [url, setUrl] = useState(webhook?.url ?? "https://");
  const [kinds, setKinds] = useState<readonly ActivityKind[]>(webhook?.kinds ?? []);
  const [statuses, setStatuses] = useState<readonly CustomerStatus[]>(webhook?.statuses ?? []);
  const customers = useViewChoice(webhook?.filter);
  const { version, other, check } = useVersion(webhook ?? { version: 0 }, async () => {
    const present = await client.query(WEBHOOKS, {}, { requestPolicy: "network-only" }).toPromise();
    return present.data?.webhooks?.find(({ id }) => id === webhook?.id);
  });
  const saved = useRef<{ webhook: Webhook; secret?: string | null }>(null);
  const send = async (idempotencyKey: string) => {
    const facts = { name, url, kinds: [...kinds], statuses: [...statuses], ...customers.fields, idempotencyKey };
    const { answer, error } = webhook
      ? await client.mutation(UPDATE_WEBHOOK, { input: { ...facts, id: webhook.id, version } }).toPromise().then(({ data, error }) => ({ answer: data?.updateWebhook, error }))
      : await client.mutation(CREATE_WEBHOOK, { input: facts }).toPromise().then(({ data, error }) => ({ answer: data?.createWebhook, error }));
    if (answer?.webhook) saved.current = { ...answer, webhook: answer.webhook };
    return { userErrors: await check(answer?.userErrors), error };
  };
  const done = () => saved.current && onDone(saved.current.webhook, saved.current.secret);
  const action = webhook ? t("webhooks.saveName", { name }) : t("webhooks.create");
  return (
    <FormDialog title={webhook ? t("webhooks.changeName", { name: webhook.name }) : t("webhooks.create")} action={action} fields={FIELDS} send={send} onDone={done} onClose={onClose}>
      {(errors) => (
        <>
          {other && <Stale text={t("webhooks.stale")} values={[[t("webhooks.name"), other.name], [t("webhooks.url"), other.url], [t("webhooks.state"), t(`webhooks.states.${other.state}`)]]} />}
          <TextInput label={t("webhooks.name")} value={name} onChange={setName} error={errors.name} autoFocus />
          <TextInput label={t("webhooks.url")} type="url" value={url} onChange={setUrl} error={errors.url} />
          <Choices label={t("webhooks.kinds")} anyText={t("webhooks.allKinds")} values={EVENT_KINDS} text={(kind) => t(`kind.${kind}`)} chosen={kinds} onChange={setKinds} error={errors.kinds} />
          <Choices label={t("webhooks.statuses")} anyText={t("webhooks.anyStatus")} values={STATUSES} text={(status) => t(`status.${status}`)} chosen={statuses} onChange={setStatuses} error={errors.statuses} />
          <ViewChoice choice={customers} error={errors.filter} />
        </>
      )}
    </FormDialog>
  );
}
