/** The rules that open alerts: the viewer's own, or all of the partner where the viewer manages integrations. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { useFollowed } from "../api/followed";
import { CardsSkeleton, EmptyTab } from "../customer/tab_states";
import { Button } from "../ui/button";
import { DataTable, useActionsColumn } from "../ui/data_table";
import { Failure } from "../ui/failure";
import { FormDialog } from "../ui/form";
import { NONE } from "../ui/formats";
import { StatusLabel } from "../ui/status_chip";
import { ALERT_RULES, DELETE_ALERT_RULE, type Rule } from "./documents";
import { RuleDialog } from "./rule_dialog";

type Task = { kind: "create" } | { kind: "change" | "delete"; rule: Rule };

export function RulesTab() {
  const { t } = useTranslation();
  const [task, setTask] = useState<Task | null>(null);
  const [{ data, error }, refresh] = useFollowed(ALERT_RULES, {}, ["ALERT_RULE_CHANGED"]);
  if (error && !data) return <Failure error={error} onRetry={refresh} />;
  if (!data) return <CardsSkeleton />;
  const rules = data.alertRules ?? [];
  const close = () => setTask(null);
  const done = () => {
    close();
    refresh();
  };
  const create = (
    <Button kind="primary" onPress={() => setTask({ kind: "create" })}>
      {t("alerts.create")}
    </Button>
  );
  return (
    <>
      {rules.length === 0 ? (
        <EmptyTab title={t("alerts.noRules")} text={t("alerts.noRulesText")}>
          {create}
        </EmptyTab>
      ) : (
        <>
          <div className="customer-title">
            <p className="secondary">{t("alerts.rulesText")}</p>
            {create}
          </div>
          <RuleTable rules={rules} onTask={setTask} />
        </>
      )}
      {task?.kind === "create" && <RuleDialog onDone={done} onClose={close} />}
      {task?.kind === "change" && <RuleDialog rule={task.rule} onDone={done} onClose={close} />}
      {task?.kind === "delete" && <DeleteDialog rule={task.rule} onDone={done} onClose={close} />}
    </>
  );
}

function RuleTable({ rules, onTask }: { rules: readonly Rule[]; onTask(task: Task): void }) {
  const { t } = useTranslation();
  const actions = useActionsColumn();
  return (
    <DataTable
      label={t("alerts.tab.rules")}
      columns={[t("webhooks.name"), t("column.status"), t("webhooks.customers"), t("alerts.mail"), t("alerts.owner"), actions]}
      rows={rules.map((rule) => ({
        id: rule.id,
        cells: [
          <>
            {rule.name} {rule.paused && <span className="state alert-SNOOZED">{t("alerts.paused")}</span>}
          </>,
          <span className="chips">
            {rule.statuses.map((status) => (
              <StatusLabel key={status} status={status} />
            ))}
          </span>,
          t(rule.filter ? "alerts.filtered" : "webhooks.allCustomers"),
          rule.email ? t(`alerts.schedules.${rule.schedule}`) : NONE,
          rule.owner.displayName,
          <>
            <Button kind="quiet" aria-label={t("alerts.changeName", { name: rule.name })} onPress={() => onTask({ kind: "change", rule })}>
              {t("webhooks.change")}
            </Button>
            <Button kind="quiet" aria-label={t("alerts.deleteName", { name: rule.name })} onPress={() => onTask({ kind: "delete", rule })}>
              {t("webhooks.delete")}
            </Button>
          </>,
        ],
      }))}
    />
  );
}

function DeleteDialog({ rule: { id, name }, onDone, onClose }: { rule: Rule; onDone(): void; onClose(): void }) {
  const { t } = useTranslation();
  const client = useClient();
  const send = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(DELETE_ALERT_RULE, { input: { id, idempotencyKey } }).toPromise();
    return { userErrors: data?.deleteAlertRule?.userErrors, error };
  };
  return (
    <FormDialog title={t("alerts.deleteName", { name })} action={t("alerts.deleteName", { name })} isDangerous send={send} onDone={onDone} onClose={onClose}>
      {() => <p>{t("alerts.deleteText")}</p>}
    </FormDialog>
  );
}
