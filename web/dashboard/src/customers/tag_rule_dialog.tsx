/** Making a tag whose rule is the present filter: exactly the customers that match have it, now and later. */
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import type { CustomerFilter } from "../gql/graphql";
import { TagFields, useTagFields } from "../tags/tag_fields";
import { FormDialog } from "../ui/form";
import { CREATE_TAG } from "./documents";

interface Props {
  filter: CustomerFilter;
  total: number | undefined;
  onClose(): void;
}

export default function TagRuleDialog({ filter, total, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const fields = useTagFields();
  const send = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(CREATE_TAG, { input: { ...fields.input, rule: filter, idempotencyKey } }).toPromise();
    return { userErrors: data?.createTag?.userErrors, error };
  };
  return (
    <FormDialog title={t("tagRule.title")} action={t("tagRule.create", { count: total ?? 0 })} fields={["name", "color", "description"]} send={send} onDone={onClose} onClose={onClose}>
      {(errors) => (
        <>
          <p className="secondary">{t("tagRule.text", { count: total ?? 0 })}</p>
          <TagFields fields={fields} errors={errors} />
        </>
      )}
    </FormDialog>
  );
}
