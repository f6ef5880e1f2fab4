/** The partner's thresholds, with the number of customers that a new one concerns. */
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient, useQuery } from "urql";
import { usePermission } from "../session/viewer";
import { Facts } from "../ui/facts";
import { useFormats } from "../ui/formats";
import { Form, NumberInput } from "../ui/form";
import { Stale, useVersion } from "../ui/stale";
import { AFFECTED, CHANGE_SETTINGS, ORGANIZATION, type Partner } from "./documents";
import type { TabProps } from "./organization_page";

type Settings = Partner["settings"];

const DAY = 24 * 60 * 60 * 1_000;
const NAMES = ["expiringSoonDays", "noRecentActivityDays", "trialDays"] as const;
type Name = (typeof NAMES)[number];

export function SettingsTab({ partner }: TabProps) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const canManage = usePermission("MANAGE_ORGANIZATION");
  if (canManage) return <SettingsForm settings={partner.settings} />;
  return (
    <>
      <Facts facts={NAMES.map((name) => [t(`settings.${name}`), number(partner.settings[name])])} />
      <p className="secondary">{t("organization.onlyFull")}</p>
    </>
  );
}

function SettingsForm({ settings }: { settings: Settings }) {
  const { t } = useTranslation();
  const client = useClient();
  const [values, setValues] = useState<Record<Name, number>>(settings);
  const { version, other, check, accept } = useVersion(settings, async () => {
    const present = await client.query(ORGANIZATION, {}, { requestPolicy: "network-only" }).toPromise();
    return present.data?.viewer.partner.settings;
  });
  const [saved, setSaved] = useState("");
  const affected = useAffected(values);
  const send = async (idempotencyKey: string) => {
    const { expiringSoonDays, noRecentActivityDays, trialDays } = values;
    const { data, error } = await client.mutation(CHANGE_SETTINGS, { input: { version, expiringSoonDays, noRecentActivityDays, trialDays, idempotencyKey } }).toPromise();
    const answer = data?.changeSettings;
    if (answer?.partner && answer.userErrors.length === 0) {
      accept(answer.partner.settings);
      setSaved(answer.job ? t("settings.savedJob", { count: answer.job.total }) : t("organization.saved"));
    }
    return { userErrors: await check(answer?.userErrors), error };
  };
  const input = (name: Name, error: string | undefined, hint?: string) => (
    <div className="setting">
      <NumberInput
        label={t(`settings.${name}`)}
        value={values[name]}
        onChange={(value) => {
          setSaved("");
          setValues((present) => ({ ...present, [name]: value }));
        }}
        error={error}
      />
      <p className="secondary small">{hint ?? t("settings.trialHint")}</p>
    </div>
  );
  return (
    <div className="card organization-form">
      <Form action={t("settings.save")} fields={NAMES} send={send} onDone={() => undefined}>
        {(errors) => (
          <>
            {other && <Stale text={t("settings.stale")} values={NAMES.map((name) => [t(`settings.${name}`), String(other[name])])} />}
            {input("expiringSoonDays", errors.expiringSoonDays, affected.expiring)}
            {input("noRecentActivityDays", errors.noRecentActivityDays, affected.inactive)}
            {input("trialDays", errors.trialDays)}
            <p role="status">{saved}</p>
          </>
        )}
      </Form>
    </div>
  );
}

/** Sentences about the customers that the thresholds concern now. */
function useAffected(values: Record<Name, number>): { expiring: string; inactive: string } {
  const { t } = useTranslation();
  const [openedAt] = useState(Date.now);
  const { expiringSoonDays, noRecentActivityDays } = useDeferredValue(values);
  const isValid = expiringSoonDays >= 1 && expiringSoonDays <= 180 && noRecentActivityDays >= 1 && noRecentActivityDays <= 365;
  const until = isValid ? new Date(openedAt - noRecentActivityDays * DAY).toISOString() : "";
  const [{ data }] = useQuery({
    query: AFFECTED,
    variables: { expires: { expiresWithinDays: expiringSoonDays }, inactive: { lastAdministratorSignInAt: { until } } },
    pause: !isValid,
  });
  const sentence = (name: string, counted: { totalCount: number } | null | undefined, days: number) =>
    isValid && counted ? t(`settings.${name}`, { count: counted.totalCount, days }) : "\u00a0";
  return {
    expiring: sentence("expiringHint", data?.expiring, expiringSoonDays),
    inactive: sentence("inactiveHint", data?.inactive, noRecentActivityDays),
  };
}
