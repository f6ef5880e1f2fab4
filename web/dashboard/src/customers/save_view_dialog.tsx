/** Saving the present filter as a view. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import type { CustomerFilter } from "../gql/graphql";
import { FormDialog, TextInput } from "../ui/form";
import { SAVE_VIEW } from "./documents";

interface Props {
  filter: CustomerFilter;
  onClose(): void;
  onSaved(): void;
}

export default function SaveViewDialog({ filter, onClose, onSaved }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [name, setName] = useState("");
  const [isShared, setShared] = useState(false);
  const send = async (idempotencyKey: string) => {
    const input = { name, filter, shared: isShared, idempotencyKey };
    const { data, error } = await client.mutation(SAVE_VIEW, { input }).toPromise();
    return { userErrors: data?.saveCustomerView?.userErrors, error };
  };
  return (
    <FormDialog title={t("views.save")} action={t("views.save")} fields={["name"]} send={send} onDone={onSaved} onClose={onClose}>
      {(errors) => (
        <>
          <TextInput label={t("views.name")} value={name} onChange={setName} error={errors.name} autoFocus />
          <label className="checkbox">
            <input type="checkbox" checked={isShared} onChange={(event) => setShared(event.target.checked)} />
            {t("views.share")}
          </label>
        </>
      )}
    </FormDialog>
  );
}
