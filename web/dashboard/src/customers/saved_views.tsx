/** The saved views: filters with a name, own ones and those that others share. */
import { lazy, memo, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "wouter";
import { useQuery } from "urql";
import { usePermission, useViewer } from "../session/viewer";
import { later } from "../texts/later";
import { Button } from "../ui/button";
import { VIEWS } from "./documents";
import { readFilter, type useListState, writeFilter } from "./filters";

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
  return (
    <div className="views" role="group" aria-label={t("views.label")}>
      {views.map((view) => {
        const parameters = writeFilter((view.filter ?? {}) as Record<string, unknown>);
        const isActive = JSON.stringify(sorted(readFilter(parameters) as Record<string, unknown>)) === present;
        const owner = view.owner.id === administrator.id ? "" : ` · ${view.owner.displayName}`;
        return (
          <Button
            key={view.id}
            kind="quiet"
            className={isActive ? "view view-active" : "view"}
            aria-pressed={isActive}
            onPress={() => setParameters(parameters)}
          >
            {view.name}
            {view.shared && <span className="secondary small">{t("views.shared")}{owner}</span>}
          </Button>
        );
      })}
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
