/** The fields that every tag has, with the tag as it will look. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { TagColor } from "../gql/graphql";
import { SelectInput, TextInput } from "../ui/form";
import { TagLabel } from "../ui/tag_label";

const COLORS: readonly TagColor[] = ["GRAY", "RED", "ORANGE", "YELLOW", "GREEN", "TEAL", "BLUE", "PURPLE", "PINK"];

interface Tag {
  name: string;
  color: TagColor;
  description?: string | null;
}

const NEW: Tag = { name: "", color: "BLUE" };

/** What is written into the fields; `input` is what a mutation gets. */
export function useTagFields(tag: Tag = NEW) {
  const [name, setName] = useState(tag.name);
  const [color, setColor] = useState(tag.color);
  const [description, setDescription] = useState(tag.description ?? "");
  return { name, setName, color, setColor, description, setDescription, input: { name, color, description: description || null } };
}

interface Props {
  fields: ReturnType<typeof useTagFields>;
  errors: Readonly<Record<string, string>>;
}

export function TagFields({ fields, errors }: Props) {
  const { t } = useTranslation();
  const { name, color } = fields;
  return (
    <>
      <TextInput label={t("tagRule.name")} value={name} onChange={fields.setName} error={errors.name} autoFocus />
      <SelectInput label={t("tagRule.color")} value={color} onChange={(id) => fields.setColor(id as TagColor)} options={COLORS.map((id) => [id, t(`tagRule.colors.${id}`)])} error={errors.color} />
      <TextInput label={t("tagRule.description")} value={fields.description} onChange={fields.setDescription} error={errors.description} />
      {name && (
        <p>
          <TagLabel tag={{ id: "new", name, color }} />
        </p>
      )}
    </>
  );
}
