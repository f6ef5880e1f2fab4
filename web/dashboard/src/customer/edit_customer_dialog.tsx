/** Changing what a customer is called. Where it was changed meanwhile, both versions are shown, and the user decides. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { FormDialog, TextInput } from "../ui/form";
import { CUSTOMER, type CustomerHead, UPDATE_CUSTOMER } from "./documents";

interface Props {
  customer: CustomerHead;
  onClose(): void;
  onChanged(): void;
}

export function EditCustomerDialog({ customer, onClose, onChanged }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [name, setName] = useState(customer.name);
  const [domain, setDomain] = useState(customer.domain ?? "");
  const [country, setCountry] = useState(customer.country ?? "");
  const [version, setVersion] = useState(customer.version);
  const [other, setOther] = useState<CustomerHead | null>(null);
  const send = async (idempotencyKey: string) => {
    const input = { id: customer.id, version, name, domain: domain || null, country: country || null, idempotencyKey };
    const { data, error } = await client.mutation(UPDATE_CUSTOMER, { input }).toPromise();
    const userErrors = data?.updateCustomer?.userErrors;
    if (userErrors?.some(({ code }) => code === "STALE")) {
      const present = await client.query(CUSTOMER, { id: customer.id }, { requestPolicy: "network-only" }).toPromise();
      const changed = present.data?.customer ?? null;
      setOther(changed);
      // Sent again, the form replaces this version, which the user has seen.
      if (changed) setVersion(changed.version);
    }
    return { userErrors, error };
  };
  return (
    <FormDialog
      title={t("customer.edit")}
      action={t("customer.save", { name })}
      fields={["name", "domain", "country"]}
      send={send}
      onDone={() => {
        onChanged();
        onClose();
      }}
      onClose={onClose}
    >
      {(errors) => (
        <>
          {other && (
            <div className="stale" role="alert">
              <p>{t("customer.stale")}</p>
              <p className="secondary">{[other.name, other.domain, other.country].filter(Boolean).join(" · ")}</p>
            </div>
          )}
          <TextInput label={t("customer.name")} value={name} onChange={setName} error={errors.name} autoFocus />
          <TextInput label={t("customer.domain")} value={domain} onChange={setDomain} error={errors.domain} />
          <TextInput label={t("customer.country")} value={country} onChange={setCountry} error={errors.country} />
        </>
      )}
    </FormDialog>
  );
}
