/** The profile of the partner's organization. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import { usePermission } from "../session/viewer";
import { Facts } from "../ui/facts";
import { Form, type SendResult, TextInput } from "../ui/form";
import { NONE, useFormats } from "../ui/formats";
import { type Partner, UPDATE_ORGANIZATION } from "./documents";
import type { TabProps } from "./organization_page";

export function ProfileTab({ partner }: TabProps) {
  const { t } = useTranslation();
  const { country, date } = useFormats();
  const canManage = usePermission("MANAGE_ORGANIZATION");
  const facts: [string, string][] = [
    [t("organization.name"), partner.name],
    [t("organization.country"), partner.country ? country(partner.country) : NONE],
    [t("organization.contactEmail"), partner.contactEmail ?? NONE],
    [t("organization.since"), date(partner.createdAt)],
  ];
  return (
    <>
      <Facts facts={facts} />
      {canManage ? (
        <section className="card organization-form">
          <h2>{t("organization.changeProfile")}</h2>
          <ProfileForm partner={partner} action={t("organization.saveProfile")} />
        </section>
      ) : (
        <p className="secondary">{t("organization.onlyFull")}</p>
      )}
    </>
  );
}

interface Props {
  partner: Partner;
  action: string;
  /** What follows when the profile is saved, with the same button. */
  then?(idempotencyKey: string): Promise<SendResult>;
}

export function ProfileForm({ partner, action, then }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [name, setName] = useState(partner.name);
  const [country, setCountry] = useState(partner.country ?? "");
  const [contactEmail, setContactEmail] = useState(partner.contactEmail ?? "");
  const [isSaved, setSaved] = useState(false);
  const edit = (set: (value: string) => void) => (value: string) => {
    setSaved(false);
    set(value);
  };
  const send = async (idempotencyKey: string) => {
    const input = { name, country: country || null, contactEmail: contactEmail || null, idempotencyKey };
    const { data, error } = await client.mutation(UPDATE_ORGANIZATION, { input }).toPromise();
    const userErrors = data?.updateOrganization?.userErrors;
    return then && userErrors?.length === 0 ? then(`${idempotencyKey}-step`) : { userErrors, error };
  };
  return (
    <Form action={action} fields={["name", "country", "contactEmail"]} send={send} onDone={() => setSaved(true)}>
      {(errors) => (
        <>
          <TextInput label={t("organization.name")} value={name} onChange={edit(setName)} error={errors.name} />
          <TextInput label={t("customer.country")} value={country} onChange={edit(setCountry)} error={errors.country} />
          <TextInput label={t("organization.contactEmail")} type="email" value={contactEmail} onChange={edit(setContactEmail)} error={errors.contactEmail} />
          <p role="status">{isSaved && t("organization.saved")}</p>
        </>
      )}
    </Form>
  );
}
