/** The partner administrators assigned to a customer: add, remove, until when. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient, useQuery } from "urql";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import { DataTable, useActionsColumn } from "../ui/data_table";
import { Failure } from "../ui/failure";
import { useFormats } from "../ui/formats";
import { FormDialog, SelectInput, TextInput } from "../ui/form";
import type { TabProps } from "./customer_page";
import { ASSIGN_ADMINISTRATOR, ASSIGNABLE, ASSIGNMENTS, UNASSIGN_ADMINISTRATOR } from "./documents";
import { CardsSkeleton, EmptyTab } from "./tab_states";
import { usePart } from "./use_part";

interface Removal {
  id: string;
  name: string;
}

export function AdministratorsTab({ customer, changes }: TabProps) {
  const { t } = useTranslation();
  const { date } = useFormats();
  const canAssign = usePermission("ASSIGN_ADMINISTRATORS");
  const actions = useActionsColumn();
  const [{ data, error }, read] = usePart(ASSIGNMENTS, customer.id, changes);
  const [isAdding, setAdding] = useState(false);
  const [removal, setRemoval] = useState<Removal | null>(null);
  const reload = () => read({ requestPolicy: "network-only" });
  if (error && !data) return <Failure error={error} onRetry={reload} />;
  if (!data?.customer) return <CardsSkeleton />;
  const { assignments } = data.customer;
  const add = canAssign && (
    <Button kind="primary" onPress={() => setAdding(true)}>
      {t("assignment.add")}
    </Button>
  );
  const close = () => {
    setAdding(false);
    setRemoval(null);
  };
  const done = () => {
    close();
    reload();
  };
  return (
    <>
      {assignments.length === 0 ? (
        <EmptyTab title={t("assignment.none")} text={t("assignment.noneText")}>
          {add}
        </EmptyTab>
      ) : (
        <>
          {add}
          <DataTable
            label={t("customer.tab.administrators")}
            columns={[t("assignment.administrator"), t("assignment.since"), t("assignment.by"), t("assignment.until"), actions]}
            rows={assignments.map(({ administrator, assignedAt, assignedBy, expiresAt }) => ({
              id: administrator.id,
              cells: [
                <>
                  {administrator.displayName} <span className="secondary small">{administrator.email}</span>
                </>,
                date(assignedAt),
                assignedBy?.displayName ?? t("assignment.imported"),
                expiresAt ? date(expiresAt) : t("assignment.forever"),
                canAssign && (
                  <Button kind="quiet" aria-label={t("administrators.removeName", { name: administrator.displayName })} onPress={() => setRemoval({ id: administrator.id, name: administrator.displayName })}>
                    {t("assignment.remove")}
                  </Button>
                ),
              ],
            }))}
          />
        </>
      )}
      {isAdding && <AddDialog customer={customer} onDone={done} onClose={close} />}
      {removal && <RemoveDialog customer={customer} removal={removal} onDone={done} onClose={close} />}
    </>
  );
}

interface DialogProps {
  customer: TabProps["customer"];
  onDone(): void;
  onClose(): void;
}

function AddDialog({ customer, onDone, onClose }: DialogProps) {
  const { t } = useTranslation();
  const client = useClient();
  const [{ data }] = useQuery({ query: ASSIGNABLE, variables: { search: null } });
  const [administrator, setAdministrator] = useState("");
  const [until, setUntil] = useState("");
  const send = async (idempotencyKey: string) => {
    const expiresAt = until ? `${until}T00:00:00Z` : null;
    const input = { administrator, customers: [customer.id], idempotencyKey, ...(expiresAt ? { expiresAt } : {}) };
    const { data: answer, error } = await client.mutation(ASSIGN_ADMINISTRATOR, { input }).toPromise();
    return { userErrors: answer?.assignAdministrator?.userErrors, error };
  };
  return (
    <FormDialog title={t("assignment.add")} action={t("assignment.addTo", { name: customer.name })} fields={["administrator", "expiresAt"]} send={send} onDone={onDone} onClose={onClose}>
      {(errors) => (
        <>
          <SelectInput
            label={t("assignment.administrator")}
            value={administrator}
            onChange={setAdministrator}
            error={errors.administrator}
            options={[["", t("assignment.choose")], ...(data?.administrators?.nodes ?? []).map(({ id, displayName, email }) => [id, `${displayName} (${email})`] as const)]}
          />
          <TextInput label={t("assignment.untilDate")} type="date" value={until} onChange={setUntil} error={errors.expiresAt} />
        </>
      )}
    </FormDialog>
  );
}

function RemoveDialog({ customer, removal, onDone, onClose }: DialogProps & { removal: Removal }) {
  const { t } = useTranslation();
  const client = useClient();
  const send = async (idempotencyKey: string) => {
    const input = { administrator: removal.id, customers: [customer.id], idempotencyKey };
    const { data, error } = await client.mutation(UNASSIGN_ADMINISTRATOR, { input }).toPromise();
    return { userErrors: data?.unassignAdministrator?.userErrors, error };
  };
  return (
    <FormDialog title={t("assignment.remove")} action={t("assignment.removeButton", { name: removal.name })} isDangerous send={send} onDone={onDone} onClose={onClose}>
      {() => <p>{t("assignment.removeText", { name: removal.name, customer: customer.name })}</p>}
    </FormDialog>
  );
}
