/** The partner's tags: found by name, made, changed, deleted; each opens its customers. */
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useFollowed } from "../api/followed";
import { CardsSkeleton, EmptyTab } from "../customer/tab_states";
import { writeFilter } from "../customers/filters";
import { JobProgress } from "../customers/job_progress";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import { DataTable, useActionsColumn } from "../ui/data_table";
import { Failure } from "../ui/failure";
import { NONE, useFormats } from "../ui/formats";
import { SearchBox } from "../ui/search_box";
import { TagLabel } from "../ui/tag_label";
import { ALL_TAGS, type FullTag } from "./documents";
import { ChangeTagDialog, DeleteTagDialog, NewTagDialog } from "./tag_dialogs";

type Task = { kind: "create" } | { kind: "change" | "delete"; tag: FullTag };

export function TagsTab() {
  const { t } = useTranslation();
  const canEdit = usePermission("EDIT_TAGS");
  const [search, setSearch] = useState("");
  const [task, setTask] = useState<Task | null>(null);
  const [job, setJob] = useState<string | undefined>();
  const [{ data, error }, refresh] = useFollowed(ALL_TAGS, { search: search || null }, ["TAG_CREATED", "TAG_CHANGED", "TAG_DELETED", "TAGS_ASSIGNED", "TAGS_REMOVED"]);
  const onSearch = useCallback((text: string) => setSearch(text), []);
  const close = () => setTask(null);
  const done = (started?: string) => {
    close();
    if (started) setJob(started);
    refresh();
  };
  const tags = data?.tags;
  return (
    <>
      <div className="query-bar administrator-query" role="search">
        <SearchBox id="page-search" label={t("tagList.search")} text={search} onSearch={onSearch} />
        {canEdit && (
          <Button kind="primary" className="query-bar-end" onPress={() => setTask({ kind: "create" })}>
            {t("tagList.create")}
          </Button>
        )}
      </div>
      {job && <JobProgress key={job} job={job} onDone={() => { setJob(undefined); refresh(); }} />}
      {error && !tags && <Failure error={error} onRetry={refresh} />}
      {!tags && !error && <CardsSkeleton />}
      {tags?.length === 0 && <EmptyTab title={t(search ? "tagList.noMatch" : "tagList.none")} text={t(search ? "tagList.noMatchText" : "tagList.noneText")} />}
      {tags && tags.length > 0 && <TagTable tags={tags} onTask={canEdit ? setTask : undefined} />}
      {task?.kind === "create" && <NewTagDialog onDone={done} onClose={close} />}
      {task?.kind === "change" && <ChangeTagDialog tag={task.tag} onDone={done} onClose={close} />}
      {task?.kind === "delete" && <DeleteTagDialog tag={task.tag} onDone={done} onClose={close} />}
    </>
  );
}

function TagTable({ tags, onTask }: { tags: readonly FullTag[]; onTask: ((task: Task) => void) | undefined }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const actions = useActionsColumn();
  return (
    <DataTable
      label={t("organization.tab.tags")}
      columns={[t("tagList.tag"), t("tagList.description"), t("tagList.who"), { name: t("navigation.customers"), kind: "number" }, actions]}
      rows={tags.map((tag) => {
        const rule = tag.rule && writeFilter(tag.rule as Record<string, unknown>);
        const cells = [
          <TagLabel tag={tag} />,
          tag.description || NONE,
          rule ? <Link to={`/customers?${rule}`}>{t("tagList.byRule")}</Link> : t("tagList.byHand"),
          <Link to={`/customers?tag=${tag.id}`}>{number(tag.customerCount)}</Link>,
          onTask && <TagActions tag={tag} onTask={onTask} />,
        ];
        return { id: tag.id, cells };
      })}
    />
  );
}

function TagActions({ tag, onTask }: { tag: FullTag; onTask(task: Task): void }) {
  const { t } = useTranslation();
  const canDelete = usePermission("MANAGE_INTEGRATIONS") || tag.rule == null;
  return (
    <>
      <Button kind="quiet" aria-label={t("tagList.changeName", tag)} onPress={() => onTask({ kind: "change", tag })}>
        {t("webhooks.change")}
      </Button>
      {canDelete && (
        <Button kind="quiet" aria-label={t("tagList.deleteName", tag)} onPress={() => onTask({ kind: "delete", tag })}>
          {t("webhooks.delete")}
        </Button>
      )}
    </>
  );
}
