/** A banner while the connection is lost. The page stays, and names the time of its last update. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { FeedClient } from "../../../client/src";

/** A short break is repaired before anybody could read about it. */
const SILENCE_MILLISECONDS = 1_500;

export function ConnectionBanner({ feed }: { feed: FeedClient }) {
  const { t, i18n } = useTranslation();
  const [lostAt, setLostAt] = useState<Date | null>(null);
  const timer = useRef(0);
  useEffect(
    () =>
      feed.onState((state) => {
        window.clearTimeout(timer.current);
        if (state !== "reconnecting") return setLostAt(null);
        const at = new Date();
        timer.current = window.setTimeout(() => setLostAt((earlier) => earlier ?? at), SILENCE_MILLISECONDS);
      }),
    [feed],
  );
  if (!lostAt) return null;
  const time = new Intl.DateTimeFormat(i18n.language, { timeStyle: "medium" }).format(lostAt);
  return (
    <div className="banner" role="status">
      {t("connection.banner", { time })}
    </div>
  );
}
