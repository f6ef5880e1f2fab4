/** The trials of a customer: start, extend, change, end, convert. What is not possible now says why. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import StartTrialDialog from "../customers/start_trial_dialog";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import { Failure } from "../ui/failure";
import { useFormats } from "../ui/formats";
import type { TabProps } from "./customer_page";
import { TRIALS, type TrialCard } from "./documents";
import { LicenseLines } from "./license_lines";
import { CardsSkeleton, EmptyTab } from "./tab_states";
import { type TrialAction, TrialDialog } from "./trial_dialogs";
import { usePart } from "./use_part";

const ACTIONS: readonly TrialAction[] = ["extend", "change", "convert", "end"];

export function TrialsTab({ customer, changes }: TabProps) {
  const { t } = useTranslation();
  const [{ data, error }, read] = usePart(TRIALS, customer.id, changes);
  const [isStarting, setStarting] = useState(false);
  const canManage = usePermission("MANAGE_TRIALS");
  const reload = () => read({ requestPolicy: "network-only" });
  if (error && !data) return <Failure error={error} onRetry={reload} />;
  if (!data?.customer) return <CardsSkeleton />;
  const { trials } = data.customer;
  const start = canManage && (
    <Button kind="primary" onPress={() => setStarting(true)}>
      {t("trial.start")}
    </Button>
  );
  return (
    <>
      {trials.length === 0 ? (
        <EmptyTab title={t("trial.none")} text={t("trial.noneText")}>
          {start}
        </EmptyTab>
      ) : (
        <>
          {start}
          <ul className="cards">
            {trials.map((trial) => (
              <li key={trial.id}>
                <Card trial={trial} canManage={canManage} onChanged={reload} />
              </li>
            ))}
          </ul>
        </>
      )}
      {isStarting && <StartTrialDialog customer={customer} onClose={() => setStarting(false)} />}
    </>
  );
}

function Card({ trial, canManage, onChanged }: { trial: TrialCard; canManage: boolean; onChanged(): void }) {
  const { t } = useTranslation();
  const { date, relative } = useFormats();
  const [action, setAction] = useState<TrialAction | null>(null);
  const isRunning = trial.state === "ACTIVE";
  return (
    <section className={`card ${isRunning ? "" : "card-over"}`} aria-label={trial.number}>
      <header className="card-head">
        <h2>{trial.number}</h2>
        <span className={`state state-${trial.state}`}>{t(`state.${trial.state}`)}</span>
      </header>
      <p className="numbers">
        {date(trial.startsAt)} – {date(trial.endsAt)}{" "}
        <span className="secondary">{t("trial.ends", { when: relative(trial.endsAt) })}</span>
      </p>
      {trial.startedBy && <p className="secondary small">{t("trial.startedBy", { name: trial.startedBy.displayName })}</p>}
      {trial.convertedTo && <p>{t("trial.converted", { number: trial.convertedTo.number })}</p>}
      <LicenseLines lines={trial.licenses} />
      {trial.extensions.map((extension) => (
        <p key={extension.at} className="secondary small">
          {t("trial.extended", { count: extension.days, date: date(extension.at), name: extension.by?.displayName ?? "–" })}
        </p>
      ))}
      {canManage && isRunning && (
        <div className="card-actions">
          {ACTIONS.map((name) => (
            <Button key={name} onPress={() => setAction(name)}>
              {t(`trial.${name}`)}
            </Button>
          ))}
        </div>
      )}
      {action && (
        <TrialDialog
          action={action}
          trial={trial}
          onClose={() => setAction(null)}
          onDone={() => {
            setAction(null);
            onChanged();
          }}
        />
      )}
    </section>
  );
}
