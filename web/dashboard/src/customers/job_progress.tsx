/** How far a job over many customers has come. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFeed } from "../api/feeds";
import type { BulkJobProgressSubscription } from "../gql/graphql";
import { BULK_JOB } from "./documents";

export function JobProgress({ job, onDone }: { job: string; onDone(): void }) {
  const { t } = useTranslation();
  const [state, setState] = useState<BulkJobProgressSubscription["bulkJob"] | null>(null);
  useFeed(BULK_JOB, { id: job }, {
    onChange({ bulkJob }) {
      setState(bulkJob);
      if (bulkJob.state === "DONE") onDone();
    },
    onGap: () => undefined,
  });
  if (!state) return null;
  return (
    <div>
      <progress max={state.total} value={state.done} aria-label={t("tags.progress", { done: state.done, total: state.total })} />
      <p className="secondary numbers">{t("tags.progress", { done: state.done, total: state.total })}</p>
    </div>
  );
}
