/** The frame while the viewer is not known yet, as index.html has it, and a page while its code is loading. */
import { useTranslation } from "react-i18next";
import "../ui/ui.css";
import "./frame.css";

export function FrameSkeleton() {
  return (
    <div className="frame" aria-busy="true">
      <div className="navigation">
        <p className="navigation-brand">partnerhub</p>
      </div>
      <div className="top-bar">
        <div className="skeleton skeleton-name" />
      </div>
      <div className="main">
        <PageSkeleton />
      </div>
    </div>
  );
}

export function PageSkeleton() {
  const { t } = useTranslation();
  return (
    <div className="page-skeleton" role="status" aria-busy="true" aria-label={t("state.loading")}>
      <div className="skeleton skeleton-title" />
      <div className="skeleton skeleton-bar" />
      {Array.from({ length: 8 }, (_, row) => (
        <div key={row} className="skeleton skeleton-row" />
      ))}
    </div>
  );
}
