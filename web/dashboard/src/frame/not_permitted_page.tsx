/** A page that exists, but not for the viewer's role. */
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useViewer } from "../session/viewer";

export function NotPermittedPage() {
  const { t } = useTranslation();
  const { role } = useViewer().administrator;
  return (
    <div className="empty">
      <h1>{t("notPermitted.title")}</h1>
      <p className="secondary">{t("notPermitted.text", { role: t(`role.${role}`) })}</p>
      <Link to="/customers">{t("notFound.link")}</Link>
    </div>
  );
}
