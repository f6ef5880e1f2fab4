/** The alerts of the viewer's rules, the newest first, live; one or many are acknowledged or snoozed. */
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { useClient, useQuery } from "urql";
import { useFeed } from "../api/feeds";
import { useFirstCursor } from "../api/followed";
import { CardsSkeleton, EmptyTab } from "../customer/tab_states";
import type { AlertState } from "../gql/graphql";
import { Button } from "../ui/button";
import { Failure } from "../ui/failure";
import { FilterChip } from "../ui/filter_chip";
import { MenuButton } from "../ui/menu_button";
import { AlertTable } from "./alert_table";
import { ACKNOWLEDGE_ALERTS, ALERT_CHANGED, ALERT_RULES, ALERTS, SNOOZE_ALERTS } from "./documents";

const STATES: readonly AlertState[] = ["OPEN", "ACKNOWLEDGED", "SNOOZED", "RESOLVED"];
const PAGE_SIZE = 25;
const MOST = 200;
const DAY = 86_400_000;
const SNOOZE_DAYS = [1, 7, 30];

export function AlertsTab() {
  const { t } = useTranslation();
  const [states, setStates] = useState<readonly string[]>(["OPEN"]);
  const [rules, setRules] = useState<readonly string[]>([]);
  const [first, setFirst] = useState(PAGE_SIZE);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const variables = { state: states.length ? (states as AlertState[]) : null, rule: rules.length ? [...rules] : null, first };
  const [{ data, error }, read] = useQuery({ query: ALERTS, variables, requestPolicy: "cache-and-network" });
  const [known] = useQuery({ query: ALERT_RULES });
  const refresh = useCallback(() => read({ requestPolicy: "network-only" }), [read]);
  const [after, expire] = useFirstCursor(data?.feedCursor);
  useFeed(ALERT_CHANGED, after ? { after } : null, {
    onChange: refresh,
    onGap() {
      expire();
      refresh();
    },
  });
  const found = data?.alerts;
  // An alert that has left the list is not acknowledged unseen.
  const chosen = (found?.nodes ?? []).filter(({ id }) => selected.has(id)).map(({ id }) => id);
  const names = known.data?.alertRules ?? [];
  return (
    <>
      <div className="query-bar administrator-query">
        <FilterChip label={t("alerts.state")} chosen={states} onChoose={setStates} values={STATES.map((id) => ({ id, text: t(`alerts.states.${id}`) }))} />
        <FilterChip label={t("alerts.rule")} chosen={rules} onChoose={setRules} values={names.map(({ id, name }) => ({ id, text: name }))} />
        <span className="query-bar-end">
          <AlertActions
            ids={chosen}
            canSelect={(found?.nodes.length ?? 0) > 0}
            onDone={() => {
              setSelected(new Set());
              refresh();
            }}
          />
        </span>
      </div>
      {error && !found && <Failure error={error} onRetry={refresh} />}
      {!found && !error && <CardsSkeleton />}
      {found?.totalCount === 0 && <EmptyTab title={t("alerts.none")} text={t(names.length === 0 ? "alerts.noRulesText" : "alerts.noneText")} />}
      {found && found.nodes.length > 0 && <AlertTable rows={found.nodes} selected={selected} onSelect={setSelected} />}
      {found && found.totalCount > found.nodes.length && first < MOST && <Button onPress={() => setFirst((count) => Math.min(MOST, count * 2))}>{t("alerts.more")}</Button>}
    </>
  );
}

function AlertActions({ ids, canSelect, onDone }: { ids: readonly string[]; canSelect: boolean; onDone(): void }) {
  const { t } = useTranslation();
  const client = useClient();
  const [problem, setProblem] = useState("");
  const input = () => ({ alerts: [...ids], idempotencyKey: crypto.randomUUID() });
  const acknowledge = async () => {
    const { data, error } = await client.mutation(ACKNOWLEDGE_ALERTS, { input: input() }).toPromise();
    finish(data?.acknowledgeAlerts?.userErrors[0]?.message ?? error?.message);
  };
  const snooze = async (days: number | null) => {
    const until = days === null ? null : new Date(Date.now() + days * DAY).toISOString();
    const { data, error } = await client.mutation(SNOOZE_ALERTS, { input: { ...input(), until } }).toPromise();
    finish(data?.snoozeAlerts?.userErrors[0]?.message ?? error?.message);
  };
  const finish = (found: string | undefined) => {
    setProblem(found ?? "");
    onDone();
  };
  const entries = () => [
    ...SNOOZE_DAYS.map((days) => ({ id: String(days), text: t("alerts.snoozeDays", { count: days }), onAction: () => void snooze(days) })),
    { id: "left", text: t("alerts.snoozeUntilLeft"), onAction: () => void snooze(null) },
  ];
  return (
    <span className="customer-actions">
      {problem && (
        <span className="field-error" role="alert">
          {problem}
        </span>
      )}
      <span className="secondary" aria-live="polite">
        {ids.length > 0 ? t("alerts.selected", { count: ids.length }) : canSelect && t("alerts.select")}
      </span>
      {ids.length > 0 && (
        <>
          <Button onPress={() => void acknowledge()}>{t("alerts.acknowledge")}</Button>
          <MenuButton className="button" label={t("alerts.snooze")} placement="bottom end" groups={() => [{ id: "days", entries: entries() }]}>
            {t("alerts.snooze")}
          </MenuButton>
        </>
      )}
    </span>
  );
}
