/** The frame while the viewer is not known yet, and a page while its code is loading: index.html has drawn both. */
import { useTranslation } from "react-i18next";
import "../ui/ui.css";
import "./frame.css";

// Read before React draws anything in their place.
const drawn = (selector: string) => ({ __html: document.querySelector(`#page ${selector}`)?.innerHTML ?? "" });
const FRAME = drawn(".frame");
const PAGE = drawn(".page-skeleton");

export function FrameSkeleton() {
  return <div className="frame" aria-busy="true" dangerouslySetInnerHTML={FRAME} />;
}

export function PageSkeleton() {
  const { t } = useTranslation();
  return <div className="page-skeleton" role="status" aria-busy="true" aria-label={t("state.loading")} dangerouslySetInnerHTML={PAGE} />;
}
