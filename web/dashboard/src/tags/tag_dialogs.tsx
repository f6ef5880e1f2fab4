/** Making, changing and deleting a tag. How many customers a rule or a deletion concerns is shown before it is sent. */
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { useClient, useQuery } from "urql";
import { CREATE_TAG } from "../customers/documents";
import { usePermission } from "../session/viewer";
import { FormDialog } from "../ui/form";
import { NONE, useFormats } from "../ui/formats";
import { Stale, useVersion } from "../ui/stale";
import { useViewChoice, ViewChoice } from "../ui/view_choice";
import { DELETE_TAG, type FullTag, ONE_TAG, RULE_COUNT, UPDATE_TAG } from "./documents";
import { TagFields, useTagFields } from "./tag_fields";

interface Props {
  /** `job` evaluates every customer by a new rule. */
  onDone(job?: string): void;
  onClose(): void;
}

const FIELDS = ["name", "color", "description", "rule"];

export function NewTagDialog({ onDone, onClose }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const fields = useTagFields();
  const send = async (idempotencyKey: string) => {
    const { data, error } = await client.mutation(CREATE_TAG, { input: { ...fields.input, idempotencyKey } }).toPromise();
    return { userErrors: data?.createTag?.userErrors, error };
  };
  return (
    <FormDialog title={t("tagList.create")} action={t("tagList.create")} fields={FIELDS} send={send} onDone={onDone} onClose={onClose}>
      {(errors) => <TagFields fields={fields} errors={errors} />}
    </FormDialog>
  );
}

export function ChangeTagDialog({ tag, onDone, onClose }: Props & { tag: FullTag }) {
  const { t } = useTranslation();
  const client = useClient();
  const canRule = usePermission("MANAGE_INTEGRATIONS");
  const fields = useTagFields(tag);
  const rule = useRule(tag);
  const { version, other, check } = useTagVersion(tag);
  const job = useRef<string>(undefined);
  const send = async (idempotencyKey: string) => {
    const input = { id: tag.id, version, ...fields.input, ...rule.input, idempotencyKey };
    const { data, error } = await client.mutation(UPDATE_TAG, { input }).toPromise();
    job.current = data?.updateTag?.job?.id;
    return { userErrors: await check(data?.updateTag?.userErrors), error };
  };
  return (
    <FormDialog title={t("tagList.changeName", tag)} action={t("tagList.saveName", fields)} fields={FIELDS} send={send} onDone={() => onDone(job.current)} onClose={onClose}>
      {(errors) => (
        <>
          {other && <OtherVersion tag={other} text={t("tagList.stale")} />}
          <TagFields fields={fields} errors={errors} />
          {canRule && <ViewChoice choice={rule.choice} error={errors.rule} label="tagList.who" />}
          <p role="status">{rule.sentence}</p>
        </>
      )}
    </FormDialog>
  );
}

export function DeleteTagDialog({ tag, onDone, onClose }: Props & { tag: FullTag }) {
  const { t } = useTranslation();
  const client = useClient();
  // The list may be older than what others have tagged since.
  const [{ data }] = useQuery({ query: ONE_TAG, variables: { id: tag.id }, requestPolicy: "cache-and-network" });
  const count = (data?.node as FullTag | null | undefined)?.customerCount ?? tag.customerCount;
  const { version, other, check } = useTagVersion(tag);
  const send = async (idempotencyKey: string) => {
    const { data: answer, error } = await client.mutation(DELETE_TAG, { input: { id: tag.id, version, idempotencyKey } }).toPromise();
    return { userErrors: await check(answer?.deleteTag?.userErrors), error };
  };
  return (
    <FormDialog title={t("tagList.deleteName", tag)} action={t("tagList.deleteFrom", { name: tag.name, count })} isDangerous send={send} onDone={onDone} onClose={onClose}>
      {() => (
        <>
          {other && <OtherVersion tag={other} text={t("tagList.staleDelete")} />}
          <p>{t(count ? "tagList.deleteText" : "tagList.deleteUnused", { count })}</p>
        </>
      )}
    </FormDialog>
  );
}

function useTagVersion(tag: FullTag) {
  const client = useClient();
  return useVersion(tag, async () => {
    const { data } = await client.query(ONE_TAG, { id: tag.id }, { requestPolicy: "network-only" }).toPromise();
    return data?.node as FullTag | null | undefined;
  });
}

function OtherVersion({ tag, text }: { tag: FullTag; text: string }) {
  const { t } = useTranslation();
  const values: [string, string][] = [
    [t("tagRule.name"), tag.name],
    [t("tagRule.color"), t(`tagRule.colors.${tag.color}`)],
    [t("tagList.description"), tag.description || NONE],
    [t("tagList.who"), t(tag.rule ? "tagList.byRule" : "tagList.byHand")],
  ];
  return <Stale text={text} values={values} />;
}

/** The choice of the rule of a tag. It is sent only if it has changed, because a rule requires another permission. */
function useRule(tag: FullTag) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const choice = useViewChoice(tag.rule, { all: "tagList.byHand", present: "tagList.presentRule" });
  const { filter } = choice.fields;
  const isChanged = filter !== undefined && (filter !== null || tag.rule != null);
  const [{ data }] = useQuery({ query: RULE_COUNT, variables: { filter }, pause: !filter });
  const count = filter ? data?.customers?.totalCount : undefined;
  const sentence =
    count !== undefined ? t("tagList.ruleCount", { count, present: number(tag.customerCount) }) : isChanged && filter === null ? t("tagList.ruleEnds", { count: tag.customerCount }) : "";
  return { choice, sentence, input: isChanged ? { rule: filter } : {} };
}
