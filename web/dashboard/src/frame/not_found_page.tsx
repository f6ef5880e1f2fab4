/** An address that no page has. */
import { useTranslation } from "react-i18next";
import { Link } from "wouter";

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <div className="empty">
      <h1>{t("notFound.title")}</h1>
      <p className="secondary">{t("notFound.text")}</p>
      <Link to="/customers">{t("notFound.link")}</Link>
    </div>
  );
}
