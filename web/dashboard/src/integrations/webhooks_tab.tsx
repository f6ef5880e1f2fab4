/** The partner's webhooks, at most 20; one of them with its deliveries. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import { useFollowed } from "../api/followed";
import { CardsSkeleton, EmptyTab } from "../customer/tab_states";
import { Button } from "../ui/button";
import { DataTable } from "../ui/data_table";
import { Failure } from "../ui/failure";
import { useFormats } from "../ui/formats";
import { WEBHOOKS, type Webhook } from "./documents";
import { SecretDialog } from "./secret_dialog";
import { WebhookDetails } from "./webhook_details";
import { WebhookDialog } from "./webhook_dialog";

const MOST = 20;

export function WebhooksTab() {
  const { t } = useTranslation();
  const [parameters, setParameters] = useSearchParams();
  const [isCreating, setCreating] = useState(false);
  const [secret, setSecret] = useState("");
  const [{ data, error }, refresh] = useFollowed(WEBHOOKS, {}, ["WEBHOOK_CHANGED"]);
  const open = (id: string | null) => setParameters(id ? { tab: "webhooks", webhook: id } : { tab: "webhooks" });
  if (error && !data) return <Failure error={error} onRetry={refresh} />;
  if (!data) return <CardsSkeleton />;
  const webhooks = data.webhooks ?? [];
  const chosen = webhooks.find(({ id }) => id === parameters.get("webhook"));
  const create = (
    <Button kind="primary" isDisabled={webhooks.length >= MOST} onPress={() => setCreating(true)}>
      {t("webhooks.create")}
    </Button>
  );
  return (
    <>
      {chosen && <WebhookDetails key={chosen.id} webhook={chosen} onSecret={setSecret} onChanged={refresh} onBack={() => open(null)} />}
      {!chosen && webhooks.length === 0 && (
        <EmptyTab title={t("webhooks.none")} text={t("webhooks.noneText")}>
          {create}
        </EmptyTab>
      )}
      {!chosen && webhooks.length > 0 && (
        <>
          <div className="customer-title">
            <p className="secondary">{webhooks.length >= MOST ? t("webhooks.most", { count: MOST }) : t("webhooks.text")}</p>
            {create}
          </div>
          <WebhookTable webhooks={webhooks} onOpen={open} />
        </>
      )}
      {isCreating && (
        <WebhookDialog
          onClose={() => setCreating(false)}
          onDone={(webhook, created) => {
            setCreating(false);
            setSecret(created ?? "");
            open(webhook.id);
            refresh();
          }}
        />
      )}
      {secret && <SecretDialog secret={secret} onClose={() => setSecret("")} />}
    </>
  );
}

function WebhookTable({ webhooks, onOpen }: { webhooks: readonly Webhook[]; onOpen(id: string): void }) {
  const { t } = useTranslation();
  return (
    <DataTable
      label={t("integrations.tab.webhooks")}
      columns={[t("webhooks.name"), t("webhooks.state"), t("webhooks.kinds"), t("webhooks.lag"), t("webhooks.createdBy")]}
      rows={webhooks.map((webhook) => ({
        id: webhook.id,
        cells: [
          <div className="webhook-name">
            <button type="button" className="link-button" onClick={() => onOpen(webhook.id)}>
              {webhook.name}
            </button>
            <p className="secondary small" title={webhook.url}>
              {webhook.url}
            </p>
          </div>,
          <WebhookState webhook={webhook} />,
          webhook.kinds.length === 0 ? t("webhooks.allKinds") : t("webhooks.kindCount", { count: webhook.kinds.length }),
          <Lag seconds={webhook.lagSeconds} />,
          webhook.createdBy.displayName,
        ],
      }))}
    />
  );
}

export function WebhookState({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  return (
    <span className={`state webhook-${webhook.state}`} title={t(`webhooks.stateText.${webhook.state}`)}>
      {t(`webhooks.states.${webhook.state}`)}
    </span>
  );
}

export function Lag({ seconds }: { seconds: number }) {
  const { t } = useTranslation();
  const { relative } = useFormats();
  if (seconds < 2) return t("webhooks.upToDate");
  return t("webhooks.waitsSince", { when: relative(new Date(Date.now() - seconds * 1000).toISOString()) });
}
