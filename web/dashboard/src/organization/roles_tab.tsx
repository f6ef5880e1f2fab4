/** The roles as a matrix of their permissions. */
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { CardsSkeleton } from "../customer/tab_states";
import { Failure } from "../ui/failure";
import { ROLES } from "./documents";

export function RolesTab() {
  const { t } = useTranslation();
  const [{ data, error }, read] = useQuery({ query: ROLES });
  const roles = data?.roles;
  if (error && !roles) return <Failure error={error} onRetry={() => read({ requestPolicy: "network-only" })} />;
  if (!roles) return <CardsSkeleton />;
  const permissions = roles[0]?.permissions ?? [];
  const cell = (key: string, has: boolean) => (
    <td key={key} className={has ? "role-has" : "secondary"}>
      <span aria-hidden="true">{has ? "✓" : "–"}</span>
      <span className="only-for-readers">{t(has ? "roles.yes" : "roles.no")}</span>
    </td>
  );
  return (
    // It has nothing else that takes the focus, so the keyboard could not scroll it.
    <div className="scroll-x" role="region" aria-label={t("organization.tab.roles")} tabIndex={0}>
      <table className="data-table roles" aria-label={t("organization.tab.roles")}>
        <thead>
          <tr>
            <th scope="col">{t("roles.permission")}</th>
            {roles.map(({ role }) => (
              <th key={role} scope="col">
                {t(`role.${role}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{t("roles.seesAll")}</th>
            {roles.map(({ role, seesAllCustomers }) => cell(role, seesAllCustomers))}
          </tr>
          {permissions.map((permission) => (
            <tr key={permission}>
              <th scope="row">{t(`permission.${permission}`)}</th>
              {roles.map((each) => cell(each.role, each.permissions.includes(permission)))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
