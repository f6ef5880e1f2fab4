/** Making a rule, and changing one. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import type { CustomerStatus } from "../gql/graphql";
import { EmailFields, useEmailFields } from "./email_fields";
import { STATUSES } from "../integrations/event_kinds";
import { Choices } from "../ui/choices";
import { FormDialog, TextInput } from "../ui/form";
import { Stale, useVersion } from "../ui/stale";
import { useViewChoice, ViewChoice } from "../ui/view_choice";
import { ALERT_RULES, type Rule, SAVE_ALERT_RULE } from "./documents";

interface Props {
  /** Without it, a new one is made. */
  rule?: Rule;
  onDone(): void;
  onClose(): void;
}

const FIELDS = ["name", "statuses", "filter", "email", "schedule", "timeZone"];

export function RuleDialog({ rule, onDone, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [name, setName] = useState(rule?.name ?? "");
  const [statuses, setStatuses] = useState<readonly CustomerStatus[]>(rule?.statuses ?? []);
  const [isPaused, setPaused] = useState(rule?.paused ?? false);
  const mail = useEmailFields(rule);
  const customers = useViewChoice(rule?.filter);
  const { version, other, check } = useVersion(rule ?? { version: 0 }, async () => {
    const present = await client.query(ALERT_RULES, {}, { requestPolicy: "network-only" }).toPromise();
    return present.data?.alertRules?.find(({ id }) => id === rule?.id);
  });
  const send = async (idempotencyKey: string) => {
    const based = rule ? { id: rule.id, version } : {};
    const input = { ...based, name, statuses: [...statuses], paused: isPaused, ...mail.fields, ...customers.fields, idempotencyKey };
    const { data, error } = await client.mutation(SAVE_ALERT_RULE, { input }).toPromise();
    return { userErrors: await check(data?.saveAlertRule?.userErrors), error };
  };
  return (
    <FormDialog
      title={rule ? t("alerts.changeName", { name: rule.name }) : t("alerts.create")}
      action={rule ? t("alerts.saveName", { name }) : t("alerts.create")}
      fields={FIELDS}
      send={send}
      onDone={onDone}
      onClose={onClose}
    >
      {(errors) => (
        <>
          {other && <Stale text={t("alerts.stale")} values={[[t("webhooks.name"), other.name], [t("column.status"), other.statuses.map((status) => t(`status.${status}`)).join(", ")]]} />}
          <TextInput label={t("webhooks.name")} value={name} onChange={setName} error={errors.name} autoFocus />
          <Choices label={t("alerts.statuses")} anyText={t("alerts.chooseStatus")} values={STATUSES} text={(status) => t(`status.${status}`)} chosen={statuses} onChange={setStatuses} error={errors.statuses} />
          <ViewChoice choice={customers} error={errors.filter} />
          <EmailFields mail={mail} errors={errors} />
          <label className="checkbox">
            <input type="checkbox" checked={isPaused} onChange={(event) => setPaused(event.target.checked)} />
            {t("alerts.pause")}
          </label>
        </>
      )}
    </FormDialog>
  );
}
