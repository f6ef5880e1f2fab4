/** Changing what a customer is called. Where it was changed meanwhile, both versions are shown, and the user decides. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { FormDialog, TextInput } from "../ui/form";
import { NONE } from "../ui/formats";
import { Stale, useVersion } from "../ui/stale";
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
  const [externalId, setExternalId] = useState("");
  const { version, other, check } = useVersion(customer, async () => {
    const present = await client.query(CUSTOMER, { id: customer.id }, { requestPolicy: "network-only" }).toPromise();
    return present.data?.customer;
  });
  const send = async (idempotencyKey: string) => {
    const input = { id: customer.id, version, name, domain: domain || null, country: country || null, ...(externalId.trim() && { externalId }), idempotencyKey };
    const { data, error } = await client.mutation(UPDATE_CUSTOMER, { input }).toPromise();
    return { userErrors: await check(data?.updateCustomer?.userErrors), error };
  };
  return (
    <FormDialog
      title={t("customer.edit")}
      action={t("customer.save", { name })}
      fields={["name", "domain", "country", "externalId"]}
      send={send}
      onDone={() => {
        onChanged();
        onClose();
      }}
      onClose={onClose}
    >
      {(errors) => (
        <>
          {other && <Stale text={t("customer.stale")} values={[[t("customer.name"), other.name], [t("customer.domain"), other.domain || NONE], [t("customer.country"), other.country || NONE]]} />}
          <TextInput label={t("customer.name")} value={name} onChange={setName} error={errors.name} autoFocus />
          <TextInput label={t("customer.domain")} value={domain} onChange={setDomain} error={errors.domain} />
          <TextInput label={t("customer.country")} value={country} onChange={setCountry} error={errors.country} />
          <TextInput label={t("customer.externalId")} value={externalId} onChange={setExternalId} error={errors.externalId} />
        </>
      )}
    </FormDialog>
  );
}
