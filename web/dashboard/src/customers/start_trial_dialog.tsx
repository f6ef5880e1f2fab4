/** Starting a trial for a new customer, or for one that is known here. */
import { useState } from "react";
import { Input, Label, NumberField, TextField } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useClient } from "urql";
import { graphql } from "../gql";
import type { Product } from "../gql/graphql";
import { useViewer } from "../session/viewer";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { splitErrors } from "../ui/user_errors";

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

export function StartTrialDialog({ onClose, customer }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const navigate = useNavigate();
  const { partner } = useViewer();
  const [name, setName] = useState("");
  const [product, setProduct] = useState<Product>("MEETINGS");
  const [licenses, setLicenses] = useState(25);
  const [days, setDays] = useState(partner.settings.trialDays);
  const [errors, setErrors] = useState<ReturnType<typeof splitErrors>>({ fields: {}, others: [] });
  const [isSending, setSending] = useState(false);
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const start = async () => {
    setSending(true);
    const input = {
      customer: customer ? { id: customer.id } : { new: { name } },
      licenses: [{ product, licenses }],
      days,
      idempotencyKey,
    };
    const { data, error } = await client.mutation(START_TRIAL, { input }).toPromise();
    setSending(false);
    const trial = data?.startTrial?.trial;
    if (trial) {
      onClose();
      void navigate(`/customers/${trial.customer.id}?tab=trials`);
    } else setErrors(splitErrors(data?.startTrial?.userErrors, error, ["customer", "licenses", "days"]));
  };
  return (
    <Dialog title={customer ? t("trial.startFor", { name: customer.name }) : t("trial.start")} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        {!customer && (
          <TextField className="field" value={name} onChange={setName} isInvalid={"customer" in errors.fields} autoFocus>
            <Label>{t("trial.customerName")}</Label>
            <Input />
            <ErrorText text={errors.fields.customer} />
          </TextField>
        )}
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
        <NumberField className="field" value={licenses} onChange={setLicenses} isInvalid={"licenses" in errors.fields}>
          <Label>{t("trial.licenses")}</Label>
          <Input />
          <ErrorText text={errors.fields.licenses} />
        </NumberField>
        <NumberField className="field" value={days} onChange={setDays} isInvalid={"days" in errors.fields}>
          <Label>{t("trial.days")}</Label>
          <Input />
          <ErrorText text={errors.fields.days} />
        </NumberField>
        {errors.others.map((problem) => (
          <p key={problem} className="field-error" role="alert">
            {problem}
          </p>
        ))}
        <div className="modal-actions">
          <Button onPress={onClose}>{t("form.cancel")}</Button>
          <Button kind="primary" type="submit" isDisabled={isSending}>
            {t("trial.startButton", { count: Number.isFinite(licenses) ? licenses : 0 })}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function ErrorText({ text }: { text: string | undefined }) {
  if (!text) return null;
  return (
    <span className="field-error" role="alert">
      {text}
    </span>
  );
}
