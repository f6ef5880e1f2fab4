/** Making a tag whose rule is the present filter: exactly the customers that match have it, now and later. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient } from "urql";
import type { CustomerFilter, TagColor } from "../gql/graphql";
import { FormDialog, SelectInput, TextInput } from "../ui/form";
import { TagLabel } from "../ui/tag_label";
import { CREATE_TAG } from "./documents";

const COLORS: readonly TagColor[] = ["GRAY", "RED", "ORANGE", "YELLOW", "GREEN", "TEAL", "BLUE", "PURPLE", "PINK"];

interface Props {
  filter: CustomerFilter;
  total: number | undefined;
  onClose(): void;
}

export default function TagRuleDialog({ filter, total, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [name, setName] = useState("");
  const [color, setColor] = useState<TagColor>("BLUE");
  const [description, setDescription] = useState("");
  const send = async (idempotencyKey: string) => {
    const input = { name, color, description: description || null, rule: filter, idempotencyKey };
    const { data, error } = await client.mutation(CREATE_TAG, { input }).toPromise();
    return { userErrors: data?.createTag?.userErrors, error };
  };
  return (
    <FormDialog title={t("tagRule.title")} action={t("tagRule.create", { count: total ?? 0 })} fields={["name", "color", "description"]} send={send} onDone={onClose} onClose={onClose}>
      {(errors) => (
        <>
          <p className="secondary">{t("tagRule.text", { count: total ?? 0 })}</p>
          <TextInput label={t("tagRule.name")} value={name} onChange={setName} error={errors.name} autoFocus />
          <SelectInput label={t("tagRule.color")} value={color} onChange={(id) => setColor(id as TagColor)} options={COLORS.map((id) => [id, t(`tagRule.colors.${id}`)])} error={errors.color} />
          <TextInput label={t("tagRule.description")} value={description} onChange={setDescription} error={errors.description} />
          {name && (
            <p>
              <TagLabel tag={{ id: "new", name, color }} />
            </p>
          )}
        </>
      )}
    </FormDialog>
  );
}
