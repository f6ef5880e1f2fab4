/** The saved views: filters with a name, own ones and those that others share. */
import { lazy, memo, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import { useQuery } from "urql";
import { usePermission, useViewer } from "../session/viewer";
import { later } from "../texts/later";
import { Button } from "../ui/button";
import { Icon } from "../ui/icons";
import { MenuButton } from "../ui/menu_button";
import { VIEWS } from "./documents";
import { readFilter, type useListState, writeFilter } from "./filters";
import "./views.css";

// Loaded when they are first opened: the list is there sooner.
const TagRuleDialog = later(() => import("./tag_rule_dialog"));
const SaveViewDialog = lazy(() => import("./save_view_dialog"));

type State = ReturnType<typeof useListState>;

export const SavedViews = memo(function SavedViews({ state, total }: { state: State; total: number | undefined }) {
  const { t } = useTranslation();
  const { administrator } = useViewer();
  const [, setParameters] = useSearchParams();
  const [{ data }, reload] = useQuery({ query: VIEWS, requestPolicy: "cache-and-network" });
  const [isSaving, setSaving] = useState(false);
  const [isTagging, setTagging] = useState(false);
  const canTagByRule = usePermission("MANAGE_INTEGRATIONS");
  const present = JSON.stringify(sorted(state.filter as Record<string, unknown>));
  const views = data?.customerViews ?? [];
  const hasFilter = Object.keys(state.filter).length > 0;
  if (views.length === 0 && !hasFilter) return null;
  const rows = views.map(({ id, name, shared, owner, filter }) => {
    const parameters = writeFilter((filter ?? {}) as Record<string, unknown>);
    const isActive = JSON.stringify(sorted(readFilter(parameters) as Record<string, unknown>)) === present;
    const whose = shared && `${t("views.shared")}${owner.id === administrator.id ? "" : ` · ${owner.displayName}`}`;
    return { id, name, whose, isActive, parameters };
  });
  const chosen = rows.filter(({ isActive }) => isActive);
  const choose = ([id]: readonly string[]) => setParameters(rows.find((view) => view.id === id)?.parameters ?? new URLSearchParams());
  return (
    <div className="views">
      <div className="views-list" role="group" aria-label={t("views.label")}>
        {rows.map(({ id, name, whose, isActive, parameters }) => (
          <Button key={id} kind="quiet" className={isActive ? "view view-active" : "view"} aria-pressed={isActive} onPress={() => setParameters(parameters)}>
            {name}
            {whose && <span className="secondary small">{whose}</span>}
          </Button>
        ))}
      </div>
      {rows.length > 0 && (
        <MenuButton
          className="button button-quiet views-menu"
          label={t("views.label")}
          placement="bottom start"
          groups={() => [{ id: "views", entries: rows.map(({ id, name, whose }) => ({ id, text: name, end: whose || undefined })), chosen: chosen.map(({ id }) => id), onChoose: choose }]}
        >
          {chosen[0]?.name ?? t("views.label")}
          <Icon name="down" width="12" height="12" />
        </MenuButton>
      )}
      {hasFilter && (
        <Button kind="quiet" onPress={() => setSaving(true)}>
          + {t("views.save")}
        </Button>
      )}
      {hasFilter && canTagByRule && (
        <Button kind="quiet" onPress={() => setTagging(true)}>
          + {t("views.tag")}
        </Button>
      )}
      <Suspense>
        {isTagging && <TagRuleDialog filter={state.filter} total={total} onClose={() => setTagging(false)} />}
        {isSaving && (
          <SaveViewDialog
            filter={state.filter}
            onClose={() => setSaving(false)}
            onSaved={() => {
              setSaving(false);
              reload({ requestPolicy: "network-only" });
            }}
          />
        )}
      </Suspense>
    </div>
  );
});

/** Two filters are equal where their sorted entries are. */
function sorted(filter: Record<string, unknown>): unknown {
  return Object.entries(filter)
    .filter(([, value]) => value !== null)
    .sort(([one], [other]) => (one < other ? -1 : 1));
}
