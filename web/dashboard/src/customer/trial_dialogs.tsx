/** The forms of a running trial. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { useFormats } from "../ui/formats";
import { ErrorGroup, FormDialog, NumberInput, TextInput } from "../ui/form";
import { CHANGE_TRIAL, CONVERT_TRIAL, END_TRIAL, EXTEND_TRIAL, type TrialCard } from "./documents";

export type TrialAction = "extend" | "change" | "convert" | "end";

interface Props {
  trial: TrialCard;
  onDone(): void;
  onClose(): void;
}

const DIALOGS = { extend: ExtendDialog, change: ChangeDialog, convert: ConvertDialog, end: EndDialog };

export function TrialDialog({ action, ...props }: Props & { action: TrialAction }) {
  const Dialog = DIALOGS[action];
  return <Dialog {...props} />;
}

function ExtendDialog({ trial, onDone, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const { date } = useFormats();
  const [days, setDays] = useState(14);
  const until = new Date(Date.parse(trial.endsAt) + (Number.isFinite(days) ? days : 0) * 86_400_000).toISOString();
  const send = async (idempotencyKey: string) => {
    const input = { id: trial.id, version: trial.version, days, idempotencyKey };
    const { data, error } = await client.mutation(EXTEND_TRIAL, { input }).toPromise();
    return { userErrors: data?.extendTrial?.userErrors, error };
  };
  return (
    <FormDialog title={t("trial.extendTitle", { number: trial.number })} action={t("trial.extendButton", { date: date(until) })} fields={["days"]} send={send} onDone={onDone} onClose={onClose}>
      {(errors) => <NumberInput label={t("trial.moreDays")} value={days} onChange={setDays} error={errors.days} autoFocus />}
    </FormDialog>
  );
}

function ChangeDialog({ trial, onDone, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [licenses, setLicenses] = useState(() => trial.licenses.map(({ product, total }) => ({ product, licenses: total })));
  const send = async (idempotencyKey: string) => {
    const input = { id: trial.id, version: trial.version, licenses, idempotencyKey };
    const { data, error } = await client.mutation(CHANGE_TRIAL, { input }).toPromise();
    return { userErrors: data?.changeTrial?.userErrors, error };
  };
  const change = (index: number, value: number) =>
    setLicenses(licenses.map((line, place) => (place === index ? { ...line, licenses: value } : line)));
  return (
    <FormDialog title={t("trial.changeTitle", { number: trial.number })} action={t("trial.changeButton")} fields={["licenses"]} send={send} onDone={onDone} onClose={onClose}>
      {(errors) => (
        <ErrorGroup label={t("trial.changeButton")} error={errors.licenses}>
          {licenses.map((line, index) => (
            <NumberInput key={line.product} label={t("trial.licensesOf", { product: t(`product.${line.product}`) })} value={line.licenses} onChange={(value) => change(index, value)} />
          ))}
        </ErrorGroup>
      )}
    </FormDialog>
  );
}

function ConvertDialog({ trial, onDone, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [number, setNumber] = useState("");
  const [months, setMonths] = useState(12);
  const [autoRenew, setAutoRenew] = useState(true);
  const send = async (idempotencyKey: string) => {
    const input = { id: trial.id, version: trial.version, number, months, autoRenew, idempotencyKey };
    const { data, error } = await client.mutation(CONVERT_TRIAL, { input }).toPromise();
    return { userErrors: data?.convertTrial?.userErrors, error };
  };
  return (
    <FormDialog title={t("trial.convertTitle", { number: trial.number })} action={t("trial.convertButton")} fields={["number", "months"]} send={send} onDone={onDone} onClose={onClose}>
      {(errors) => (
        <>
          <TextInput label={t("trial.number")} value={number} onChange={setNumber} error={errors.number} autoFocus />
          <NumberInput label={t("trial.months")} value={months} onChange={setMonths} error={errors.months} />
          <label className="checkbox">
            <input type="checkbox" checked={autoRenew} onChange={(event) => setAutoRenew(event.target.checked)} />
            {t("trial.autoRenew")}
          </label>
        </>
      )}
    </FormDialog>
  );
}

function EndDialog({ trial, onDone, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const licenses = trial.licenses.reduce((sum, { assigned }) => sum + assigned, 0);
  const send = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(END_TRIAL, { input: { id: trial.id, version: trial.version, idempotencyKey } }).toPromise();
    return { userErrors: data?.endTrial?.userErrors, error };
  };
  return (
    <FormDialog title={t("trial.endTitle", { number: trial.number })} action={t("trial.endButton", { number: trial.number })} isDangerous send={send} onDone={onDone} onClose={onClose}>
      {() => <p>{t("trial.endText", { count: licenses })}</p>}
    </FormDialog>
  );
}
