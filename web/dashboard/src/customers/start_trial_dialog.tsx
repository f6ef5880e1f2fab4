/** Starting a trial for a new customer, or for one that is known here. */
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { useLocation } from "wouter";
import { graphql } from "../gql";
import type { Product } from "../gql/graphql";
import { useViewer } from "../session/viewer";
import { FormDialog, NumberInput, TextInput } from "../ui/form";

const START_TRIAL = graphql(`
  mutation StartTrial($input: StartTrialInput!) {
    startTrial(input: $input) {
      trial { id customer { id } }
      userErrors { code message field }
    }
  }
`);

const PRODUCTS: readonly Product[] = ["MEETINGS", "CALLING", "MESSAGING", "WEBINARS", "EVENTS", "CONTACT_CENTER", "REAL_TIME_TRANSLATIONS", "DEVICES"];

interface Props {
  onClose(): void;
  /** The customer; a new one where none is given. */
  customer?: { id: string; name: string };
}

export default function StartTrialDialog({ onClose, customer }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [, navigate] = useLocation();
  const { partner } = useViewer();
  const [name, setName] = useState("");
  const [product, setProduct] = useState<Product>("MEETINGS");
  const [licenses, setLicenses] = useState(25);
  const [days, setDays] = useState(partner.settings.trialDays);
  const started = useRef<string | null>(null);
  const send = async (idempotencyKey: string) => {
    const input = {
      customer: customer ? { id: customer.id } : { new: { name } },
      licenses: [{ product, licenses }],
      days,
      idempotencyKey,
    };
    const { data, error } = await client.mutation(START_TRIAL, { input }).toPromise();
    started.current = data?.startTrial?.trial?.customer.id ?? null;
    return { userErrors: data?.startTrial?.userErrors, error };
  };
  const open = () => {
    onClose();
    if (started.current) navigate(`/customers/${started.current}?tab=trials`);
  };
  return (
    <FormDialog
      title={customer ? t("trial.startFor", { name: customer.name }) : t("trial.start")}
      action={t("trial.startButton", { count: Number.isFinite(licenses) ? licenses : 0 })}
      fields={["customer", "licenses", "days"]}
      send={send}
      onDone={open}
      onClose={onClose}
    >
      {(errors) => (
        <>
          {!customer && <TextInput label={t("trial.customerName")} value={name} onChange={setName} error={errors.customer} autoFocus />}
          <div className="field">
            <label htmlFor="trial-product">{t("trial.product")}</label>
            <select id="trial-product" value={product} onChange={(event) => setProduct(event.target.value as Product)}>
              {PRODUCTS.map((each) => (
                <option key={each} value={each}>
                  {t(`product.${each}`)}
                </option>
              ))}
            </select>
          </div>
          <NumberInput label={t("trial.licenses")} value={licenses} onChange={setLicenses} error={errors.licenses} />
          <NumberInput label={t("trial.days")} value={days} onChange={setDays} error={errors.days} />
        </>
      )}
    </FormDialog>
  );
}
