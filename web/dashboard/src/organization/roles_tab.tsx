/** The roles as a matrix of their permissions. */
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { CardsSkeleton } from "../customer/tab_states";
import { DataTable } from "../ui/data_table";
import { Failure } from "../ui/failure";
import { ROLES } from "./documents";

export function RolesTab() {
  const { t } = useTranslation();
  const [{ data, error }, read] = useQuery({ query: ROLES });
  const roles = data?.roles;
  if (error && !roles) return <Failure error={error} onRetry={() => read({ requestPolicy: "network-only" })} />;
  if (!roles) return <CardsSkeleton />;
  const permissions = roles[0]?.permissions ?? [];
  const cell = (has: boolean) => (
    <span className={has ? "role-has" : "secondary"}>
      <span aria-hidden="true">{has ? "✓" : "–"}</span>
      <span className="only-for-readers">{t(has ? "roles.yes" : "roles.no")}</span>
    </span>
  );
  return (
    <DataTable
      className="roles"
      label={t("organization.tab.roles")}
      hasRowHeads
      columns={[t("roles.permission"), ...roles.map(({ role }) => t(`role.${role}`))]}
      rows={[
        { id: "all", cells: [t("roles.seesAll"), ...roles.map(({ seesAllCustomers }) => cell(seesAllCustomers))] },
        ...permissions.map((permission) => ({ id: permission, cells: [t(`permission.${permission}`), ...roles.map((each) => cell(each.permissions.includes(permission)))] })),
      ]}
    />
  );
}
