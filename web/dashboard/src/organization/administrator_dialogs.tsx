/** Inviting, changing and removing an administrator. What a change would end is shown before it is sent. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient, useQuery } from "urql";
import type { PartnerRole } from "../gql/graphql";
import { FormDialog, SelectInput, TextInput } from "../ui/form";
import { Stale, useVersion } from "../ui/stale";
import { PARTNER_ROLES } from "./administrators_tab";
import { type Administrator, ADMINISTRATORS, ASSIGNED_CUSTOMERS, CHANGE, INVITE, REMOVE } from "./documents";

interface Props {
  onDone(): void;
  onClose(): void;
}

export function InviteDialog({ onDone, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [email, setEmail] = useState("");
  const [displayName, setDisplayName] = useState("");
  const [role, setRole] = useState<PartnerRole>("ADMINISTRATOR");
  const send = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(INVITE, { input: { email, displayName, role, idempotencyKey } }).toPromise();
    return { userErrors: data?.inviteAdministrator?.userErrors, error };
  };
  return (
    <FormDialog title={t("administrators.invite")} action={t("administrators.inviteAs", { role: t(`role.${role}`) })} fields={["email", "displayName", "role"]} send={send} onDone={onDone} onClose={onClose}>
      {(errors) => (
        <>
          <TextInput label={t("administrators.email")} type="email" value={email} onChange={setEmail} error={errors.email} autoFocus />
          <TextInput label={t("organization.name")} value={displayName} onChange={setDisplayName} error={errors.displayName} />
          <RoleInput role={role} onChange={setRole} error={errors.role} />
        </>
      )}
    </FormDialog>
  );
}

export function ChangeDialog({ administrator, onDone, onClose }: Props & { administrator: Administrator }) {
  const { t } = useTranslation();
  const client = useClient();
  const { id, displayName: name } = administrator;
  const [displayName, setDisplayName] = useState(name);
  const [role, setRole] = useState(administrator.role);
  const { version, other, check } = useVersion(administrator, async () => {
    const present = await client.query(ADMINISTRATORS, { search: administrator.email, role: null, first: 25 }, { requestPolicy: "network-only" }).toPromise();
    return present.data?.administrators?.nodes.find((each) => each.id === id);
  });
  const preview = useDryRun(administrator, role);
  const send = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(CHANGE, { input: { id, version, displayName, role, dryRun: false, idempotencyKey } }).toPromise();
    return { userErrors: await check(data?.changeAdministrator?.userErrors), error };
  };
  return (
    <FormDialog title={t("administrators.changeName", { name })} action={t("administrators.saveName", { name: displayName })} fields={["displayName", "role"]} send={send} onDone={onDone} onClose={onClose}>
      {(errors) => (
        <>
          {other && <Stale text={t("administrators.stale")} values={[[t("organization.name"), other.displayName], [t("administrators.role"), t(`role.${other.role}`)]]} />}
          <TextInput label={t("organization.name")} value={displayName} onChange={setDisplayName} error={errors.displayName} autoFocus />
          <RoleInput role={role} onChange={setRole} error={errors.role} />
          <p role="status">{preview}</p>
        </>
      )}
    </FormDialog>
  );
}

/** What another role would change, in a sentence; nothing is changed. */
function useDryRun({ id, role: present }: Administrator, role: PartnerRole): string {
  const { t } = useTranslation();
  const client = useClient();
  const [sentence, setSentence] = useState("");
  useEffect(() => {
    setSentence("");
    if (role === present) return;
    let isCurrent = true;
    void client
      .mutation(CHANGE, { input: { id, role, dryRun: true } })
      .toPromise()
      .then(({ data }) => {
        const result = data?.changeAdministrator;
        if (isCurrent && result) setSentence(result.userErrors[0]?.message ?? t("administrators.dropped", { count: result.droppedAssignments }));
      });
    return () => {
      isCurrent = false;
    };
  }, [client, id, present, role, t]);
  return sentence;
}

export function RemoveDialog({ administrator, onDone, onClose }: Props & { administrator: Administrator }) {
  const { t } = useTranslation();
  const client = useClient();
  const { id, displayName: name, seesAllCustomers } = administrator;
  const [{ data }] = useQuery({ query: ASSIGNED_CUSTOMERS, variables: { id }, pause: seesAllCustomers, requestPolicy: "network-only" });
  const assigned = data?.node && "customers" in data.node ? data.node.customers.totalCount : undefined;
  const send = async (idempotencyKey: string) => {
    const { data: answer, error } = await client.mutation(REMOVE, { input: { id, idempotencyKey } }).toPromise();
    return { userErrors: answer?.removeAdministrator?.userErrors, error };
  };
  return (
    <FormDialog title={t("administrators.removeName", { name })} action={t("administrators.removeName", { name })} isDangerous send={send} onDone={onDone} onClose={onClose}>
      {() => (
        <>
          <p>{t("administrators.removeText", { name })}</p>
          {assigned !== undefined && <p>{t("administrators.dropped", { count: assigned })}</p>}
        </>
      )}
    </FormDialog>
  );
}

interface RoleProps {
  role: PartnerRole;
  onChange(role: PartnerRole): void;
  error: string | undefined;
}

function RoleInput({ role, onChange, error }: RoleProps) {
  const { t } = useTranslation();
  return <SelectInput label={t("administrators.role")} value={role} onChange={(value) => onChange(value as PartnerRole)} error={error} options={PARTNER_ROLES.map((id) => [id, t(`role.${id}`)])} />;
}
