/** The partner's administrators: found by name or role, invited, changed, removed. */
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFollowed } from "../api/followed";
import { CardsSkeleton, EmptyTab } from "../customer/tab_states";
import type { PartnerRole } from "../gql/graphql";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import { DataTable, useActionsColumn } from "../ui/data_table";
import { Failure } from "../ui/failure";
import { FilterChip } from "../ui/filter_chip";
import { useFormats } from "../ui/formats";
import { SearchBox } from "../ui/search_box";
import { ChangeDialog, InviteDialog, RemoveDialog } from "./administrator_dialogs";
import { type Administrator, ADMINISTRATORS } from "./documents";

export const PARTNER_ROLES: readonly PartnerRole[] = ["FULL_ADMINISTRATOR", "ADMINISTRATOR", "READ_ONLY_ADMINISTRATOR", "HELPDESK_ADMINISTRATOR"];
const PAGE_SIZE = 25;
const MOST = 200;

type Task = { kind: "invite" } | { kind: "change" | "remove"; administrator: Administrator };

export function AdministratorsTab() {
  const { t } = useTranslation();
  const canManage = usePermission("MANAGE_ADMINISTRATORS");
  const [search, setSearch] = useState("");
  const [roles, setRoles] = useState<readonly string[]>([]);
  const [first, setFirst] = useState(PAGE_SIZE);
  const [task, setTask] = useState<Task | null>(null);
  const variables = { search: search || null, role: roles.length ? (roles as PartnerRole[]) : null, first };
  const [{ data, error }, refresh] = useFollowed(ADMINISTRATORS, variables, ["ADMINISTRATOR_INVITED", "ADMINISTRATOR_CHANGED", "ADMINISTRATOR_REMOVED"]);
  const onSearch = useCallback((text: string) => setSearch(text), []);
  const close = () => setTask(null);
  const done = () => {
    close();
    refresh();
  };
  const found = data?.administrators;
  return (
    <>
      <div className="query-bar administrator-query" role="search">
        <SearchBox id="page-search" label={t("administrators.search")} text={search} onSearch={onSearch} />
        <FilterChip label={t("administrators.role")} chosen={roles} onChoose={setRoles} values={PARTNER_ROLES.map((id) => ({ id, text: t(`role.${id}`) }))} />
        {canManage && (
          <Button kind="primary" className="query-bar-end" onPress={() => setTask({ kind: "invite" })}>
            {t("administrators.invite")}
          </Button>
        )}
      </div>
      {error && !found && <Failure error={error} onRetry={refresh} />}
      {!found && !error && <CardsSkeleton />}
      {found?.totalCount === 0 && <EmptyTab title={t("administrators.none")} text={t("administrators.noneText")} />}
      {found && found.nodes.length > 0 && <AdministratorTable rows={found.nodes} onTask={canManage ? setTask : undefined} />}
      {found && found.totalCount > found.nodes.length && first < MOST && <Button onPress={() => setFirst((count) => count + PAGE_SIZE)}>{t("administrators.more")}</Button>}
      {task?.kind === "invite" && <InviteDialog onDone={done} onClose={close} />}
      {task?.kind === "change" && <ChangeDialog administrator={task.administrator} onDone={done} onClose={close} />}
      {task?.kind === "remove" && <RemoveDialog administrator={task.administrator} onDone={done} onClose={close} />}
    </>
  );
}

function AdministratorTable({ rows, onTask }: { rows: readonly Administrator[]; onTask: ((task: Task) => void) | undefined }) {
  const { t } = useTranslation();
  const { instant, relative } = useFormats();
  const actions = useActionsColumn();
  return (
    <DataTable
      label={t("organization.tab.administrators")}
      columns={[t("organization.name"), t("administrators.role"), t("administrators.state"), t("column.lastSignIn"), actions]}
      rows={rows.map((administrator) => {
        const { id, displayName, email, role, state, seesAllCustomers, lastSignInAt } = administrator;
        const cells = [
          <>
            {displayName}
            <p className="secondary small">{email}</p>
          </>,
          <>
            {t(`role.${role}`)}
            <p className="secondary small">{t(seesAllCustomers ? "administrators.seesAll" : "administrators.seesAssigned")}</p>
          </>,
          <span className={`state state-${state}`}>{t(`administrators.states.${state}`)}</span>,
          lastSignInAt ? <span title={instant(lastSignInAt)}>{relative(lastSignInAt)}</span> : t("customers.never"),
          onTask && (
            <>
              <Button kind="quiet" aria-label={t("administrators.changeName", { name: displayName })} onPress={() => onTask({ kind: "change", administrator })}>
                {t("administrators.change")}
              </Button>
              <Button kind="quiet" aria-label={t("administrators.removeName", { name: displayName })} onPress={() => onTask({ kind: "remove", administrator })}>
                {t("assignment.remove")}
              </Button>
            </>
          ),
        ];
        return { id, cells };
      })}
    />
  );
}
