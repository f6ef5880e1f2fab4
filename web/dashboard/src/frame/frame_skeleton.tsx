/** The frame while the viewer is not known yet, and a page while its code is loading. */
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
        <div className="skeleton" style={{ width: 160, height: 16 }} />
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
      <div className="skeleton" style={{ width: 220, height: 32 }} />
      <div className="skeleton" style={{ width: "70%", height: 32 }} />
      {Array.from({ length: 8 }, (_, row) => (
        <div key={row} className="skeleton" style={{ height: 36 }} />
      ))}
    </div>
  );
}
