/** The customers: saved views, filters with counts, and the live list. */
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePermission } from "../session/viewer";
import { later } from "../texts/later";
import { Button } from "../ui/button";
import { Failure } from "../ui/failure";
import { useFormats } from "../ui/formats";
import { CustomerTable } from "./customer_table";
import { useListState } from "./filters";
import { keepListAddress } from "./last_list";
import { QueryBar } from "./query_bar";
import { SavedViews } from "./saved_views";
import { SelectionBar } from "./selection_bar";
import type { TagTask } from "./tag_dialog";
import { useCounts } from "./use_counts";
import { useLiveCustomers } from "./use_live_customers";
import "./customers.css";

// Loaded when they are first opened: the list is there sooner.
const ExportDialog = later(() => import("../exports/export_customers_dialog"));
const StartTrialDialog = lazy(() => import("./start_trial_dialog"));
const TagDialog = lazy(() => import("./tag_dialog"));

export function CustomersPage() {
  const { t } = useTranslation();
  const { number } = useFormats();
  const state = useListState();
  useEffect(() => keepListAddress(state.parameters), [state]);
  const live = useLiveCustomers(state);
  const counts = useCounts(state.filter, live.changes);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [tagTask, setTagTask] = useState<TagTask | null>(null);
  const [isStarting, setStarting] = useState(false);
  const [isExporting, setExporting] = useState(false);
  const canStart = usePermission("MANAGE_TRIALS");
  const tagCustomers = useCallback((ids: readonly string[]) => setTagTask({ kind: "assign", ids }), []);
  const toggle = useCallback(
    (id: string) =>
      setSelected((present) => {
        const next = new Set(present);
        if (!next.delete(id)) next.add(id);
        return next;
      }),
    [],
  );
  const hasFilter = Object.keys(state.filter).length > 0;
  return (
    <div className="customers">
      <header className="customers-head">
        <h1>
          {t("customers.title")}{" "}
          <span className="secondary numbers customers-total" aria-live="polite">
            {counts ? number(counts.totalCount) : ""}
          </span>
        </h1>
        <div className="customers-actions">
          <Button onPress={() => setExporting(true)}>{t("customers.export")}</Button>
          {canStart && (
            <Button kind="primary" onPress={() => setStarting(true)}>
              {t("trial.start")}
            </Button>
          )}
        </div>
      </header>
      <SavedViews state={state} total={counts?.totalCount} />
      <QueryBar state={state} counts={counts} />
      {live.error && live.customers.length === 0 ? (
        <Failure error={live.error} onRetry={() => void live.list.load()} />
      ) : !live.isLoading && live.customers.length === 0 ? (
        <div className="empty">
          <h2>{t(hasFilter ? "customers.noMatch" : "customers.none")}</h2>
          <p className="secondary">{t(hasFilter ? "customers.noMatchText" : "customers.noneText")}</p>
          {hasFilter && <Button onPress={state.clear}>{t("filter.clear")}</Button>}
        </div>
      ) : (
        <CustomerTable
          live={live}
          state={state}
          total={counts?.totalCount}
          selected={selected}
          onToggle={toggle}
          onTag={tagCustomers}
        />
      )}
      {selected.size > 0 && (
        <SelectionBar
          count={selected.size}
          onTag={(kind) => setTagTask({ kind, ids: [...selected] })}
          onClear={() => setSelected(new Set())}
        />
      )}
      <Suspense>
        {tagTask && (
          <TagDialog
            task={tagTask}
            onClose={() => setTagTask(null)}
            onChanged={(customers) => customers.forEach((customer) => live.list.update(customer))}
          />
        )}
        {isExporting && <ExportDialog filter={state.filter} order={state.order} total={counts?.totalCount} onClose={() => setExporting(false)} />}
        {isStarting && <StartTrialDialog onClose={() => setStarting(false)} />}
      </Suspense>
    </div>
  );
}
