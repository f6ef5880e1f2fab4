/** Whether a rule sends e-mail, when, and in which time zone. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { AlertSchedule } from "../gql/graphql";
import { FieldError, SelectInput, useErrorId } from "../ui/form";
import type { Rule } from "./documents";

const SCHEDULES: readonly AlertSchedule[] = ["AT_ONCE", "DAILY", "WEEKLY"];

interface MailFields {
  fields: { email: boolean; schedule: AlertSchedule; timeZone: string };
  change(part: Partial<MailFields["fields"]>): void;
}

export function useEmailFields(rule: Rule | undefined): MailFields {
  const [fields, setFields] = useState({
    email: rule?.email ?? false,
    schedule: rule?.schedule ?? "AT_ONCE",
    timeZone: rule?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  return { fields, change: (part) => setFields((present) => ({ ...present, ...part })) };
}

interface Props {
  mail: MailFields;
  errors: Readonly<Record<string, string>>;
}

export function EmailFields({ mail, errors }: Props) {
  const { t } = useTranslation();
  const { email, schedule, timeZone } = mail.fields;
  const [errorId, described] = useErrorId(errors.email);
  const zones = [...new Set(["UTC", timeZone, ...Intl.supportedValuesOf("timeZone")])].sort();
  return (
    <>
      <div>
        <label className="checkbox">
          <input type="checkbox" checked={email} aria-invalid={errors.email !== undefined} {...described} onChange={(event) => mail.change({ email: event.target.checked })} />
          {t("alerts.email")}
        </label>
        <FieldError id={errorId} text={errors.email} />
      </div>
      {email && (
        <>
          <SelectInput
            label={t("alerts.schedule")}
            value={schedule}
            onChange={(chosen) => mail.change({ schedule: chosen as AlertSchedule })}
            options={SCHEDULES.map((id) => [id, t(`alerts.schedules.${id}`)])}
            error={errors.schedule}
          />
          {schedule !== "AT_ONCE" && (
            <SelectInput label={t("alerts.timeZone")} value={timeZone} onChange={(zone) => mail.change({ timeZone: zone })} options={zones.map((zone) => [zone, zone.replaceAll("_", " ")])} error={errors.timeZone} />
          )}
        </>
      )}
    </>
  );
}
