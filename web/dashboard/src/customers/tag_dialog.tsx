/** Adding tags to customers, or removing them: first what would change (a dry run), then the change and its progress. */
import { useEffect, useMemo, useState } from "react";
import { Checkbox, CheckboxGroup, Input, Label, SearchField } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useClient, useQuery } from "urql";
import { Link } from "wouter";
import type { CustomerSelection } from "../gql/graphql";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { TagLabel } from "../ui/tag_label";
import { splitErrors } from "../ui/user_errors";
import { ASSIGN_TAGS, CREATE_TAG, type CustomerRow, REMOVE_TAGS, TAGS } from "./documents";
import { JobProgress } from "./job_progress";

export interface TagTask {
  kind: "assign" | "remove";
  ids: readonly string[];
}

interface Props {
  task: TagTask;
  onClose(): void;
  onChanged(customers: readonly Pick<CustomerRow, "id" | "version" | "tags">[]): void;
}

interface Preview {
  changed: number;
  skipped: number;
}

/** `customers` of a selection holds at most this many ids. */
const MAX_IDS = 500;

export default function TagDialog({ task, onClose, onChanged }: Props) {
  const { t } = useTranslation();
  const client = useClient();
  const [chosen, setChosen] = useState<string[]>([]);
  const [preview, setPreview] = useState<Preview | null>(null);
  const [problems, setProblems] = useState<string[]>([]);
  const [job, setJob] = useState<string | null>(null);
  const [isSending, setSending] = useState(false);
  // One key for this form: a repeated attempt is the same change.
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const customers = useMemo((): CustomerSelection => ({ ids: task.ids.slice(0, MAX_IDS) }), [task]);
  const send = async (dryRun: boolean) => {
    const input = { customers, tags: chosen, dryRun, ...(dryRun ? {} : { idempotencyKey }) };
    const answer =
      task.kind === "assign"
        ? await client.mutation(ASSIGN_TAGS, { input }).toPromise()
        : await client.mutation(REMOVE_TAGS, { input }).toPromise();
    const data = answer.data as { assignTags?: TagAnswer; removeTags?: TagAnswer } | undefined;
    const payload = data?.assignTags ?? data?.removeTags;
    setProblems(splitErrors(payload?.userErrors, answer.error, []).others);
    return payload && payload.userErrors.length === 0 ? payload : undefined;
  };
  useEffect(() => {
    setPreview(null);
    if (chosen.length === 0) return;
    let isCurrent = true;
    void send(true).then((found) => isCurrent && found && setPreview(found));
    return () => {
      isCurrent = false;
    };
  }, [chosen, customers]);
  const confirm = async () => {
    setSending(true);
    const done = await send(false);
    setSending(false);
    if (!done) return;
    onChanged(done.customers);
    if (done.job) setJob(done.job.id);
    else onClose();
  };
  const isLong = task.ids.length > MAX_IDS;
  return (
    <Dialog title={t(`tags.${task.kind}Title`, { count: task.ids.length })} onClose={onClose}>
      {isLong && <p className="field-error">{t("tags.tooMany", { most: MAX_IDS })}</p>}
      <TagChoice chosen={chosen} onChange={setChosen} canCreate={task.kind === "assign"} />
      <p className="secondary" aria-live="polite">
        {preview ? t("tags.preview", { ...preview, total: task.ids.length }) : chosen.length ? t("state.loading") : t("tags.choose")}
      </p>
      {problems.map((problem) => (
        <p key={problem} className="field-error" role="alert">
          {problem}
        </p>
      ))}
      {job && <JobProgress job={job} onDone={onClose} />}
      <div className="modal-actions">
        <Button onPress={onClose}>{t("form.cancel")}</Button>
        <Button kind="primary" isDisabled={!preview?.changed || isSending || isLong || job !== null} onPress={() => void confirm()}>
          {t(`tags.${task.kind}Button`, { count: preview?.changed ?? task.ids.length })}
        </Button>
      </div>
    </Dialog>
  );
}

interface TagAnswer extends Preview {
  customers: Pick<CustomerRow, "id" | "version" | "tags">[];
  job?: { id: string; total: number } | null;
  userErrors: { code: string; message: string; field?: string[] | null }[];
}

interface ChoiceProps {
  chosen: string[];
  onChange(ids: string[]): void;
  canCreate: boolean;
}

function TagChoice({ chosen, onChange, canCreate }: ChoiceProps) {
  const { t } = useTranslation();
  const client = useClient();
  const [search, setSearch] = useState("");
  const [problem, setProblem] = useState("");
  const [{ data }, reload] = useQuery({ query: TAGS, variables: { search: search || null } });
  // Tags with a rule cannot be assigned by hand.
  const tags = data?.tags ?? [];
  // A name that is sent twice is one tag.
  const idempotencyKey = useMemo(() => crypto.randomUUID(), [search]);
  const create = async () => {
    const { data: answer, error } = await client.mutation(CREATE_TAG, { input: { name: search, idempotencyKey } }).toPromise();
    const made = answer?.createTag;
    setProblem(made?.userErrors[0]?.message ?? error?.message ?? "");
    if (!made?.tag) return;
    onChange([...chosen, made.tag.id]);
    setSearch("");
    reload({ requestPolicy: "network-only" });
  };
  const isNew = search.trim() !== "" && !tags.some(({ name }) => name.toLowerCase() === search.trim().toLowerCase());
  return (
    <div className="tag-choice">
      <SearchField className="field" value={search} onChange={setSearch} autoFocus>
        <Label>{t("tags.search")}</Label>
        <Input maxLength={100} />
      </SearchField>
      <CheckboxGroup aria-label={t("filter.tag")} value={chosen} onChange={onChange} className="tag-choice-list">
        {tags.filter(({ rule }) => rule == null).map((tag) => (
          <Checkbox key={tag.id} value={tag.id} className="checkbox">
            {({ isSelected }) => (
              <>
                <span className="checkbox-box">{isSelected && "✓"}</span>
                <TagLabel tag={tag} />
              </>
            )}
          </Checkbox>
        ))}
      </CheckboxGroup>
      <p className="small">
        <Link to="/organization?tab=tags">{t("tags.manage")}</Link>
      </p>
      {canCreate && isNew && <Button onPress={() => void create()}>{t("tags.create", { name: search.trim() })}</Button>}
      {problem && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
