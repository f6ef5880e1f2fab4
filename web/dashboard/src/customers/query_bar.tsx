/** The query bar: free text, and a chip for each condition, whose list of values shows how many customers have each. */
import { memo, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePermission } from "../session/viewer";
import { Button } from "../ui/button";
import { Icon } from "../ui/icons";
import { MenuButton } from "../ui/menu_button";
import { SearchBox } from "../ui/search_box";
import { ConditionChip, type ConditionName } from "./condition_chip";
import { DAY_CONDITIONS, PRESENCE_CONDITIONS, RANGE_CONDITIONS, type useListState } from "./filters";
import { OrderMenu } from "./order_menu";
import type { Counts } from "./use_counts";
import { GIVES_WAY, useRoom } from "./use_room";

type State = ReturnType<typeof useListState>;

/** In the bar while there is room for them. */
const FREQUENT: readonly ConditionName[] = ["status", "product", "managedBy", "subscriptionType", "tag", ...DAY_CONDITIONS, "administrator", "country", "invoiceState"];
/** In the bar once they were added from the menu. */
const RARE: readonly ConditionName[] = [...PRESENCE_CONDITIONS, ...RANGE_CONDITIONS];

// More rows and changes of them draw none of its chips again.
export const QueryBar = memo(function QueryBar({ state, counts }: { state: State; counts: Counts | undefined }) {
  const { t, i18n } = useTranslation();
  const canAnalyse = usePermission("READ_ANALYTICS");
  const [added, setAdded] = useState<readonly ConditionName[]>([]);
  const all = [...FREQUENT, ...RARE, ...(canAnalyse ? (["kpi"] as const) : [])];
  const stays = (name: ConditionName) => name in state.filter || added.includes(name);
  const waiting = FREQUENT.filter((name) => !stays(name));
  const [bar, room] = useRoom(waiting.length, `${i18n.language} ${added} ${state.parameters}`);
  const shown = all.filter((name) => stays(name) || waiting.slice(0, room).includes(name));
  const rest = all.filter((name) => !shown.includes(name));
  return (
    <div className="query-bar" role="search" ref={bar}>
      <Search state={state} />
      {shown.map((name) => (
        <span key={name} className="chip-slot" {...(stays(name) ? {} : GIVES_WAY)}>
          <ConditionChip name={name} state={state} counts={counts} startsOpen={added.includes(name)} />
        </span>
      ))}
      {state.parameters.has("conditions") && (
        <Button onPress={() => state.setValues("conditions", [])} className="chip chip-active">
          {t("filter.conditions")}
          <Icon name="close" width="12" height="12" />
        </Button>
      )}
      {rest.length > 0 && (
        <MenuButton
          className="button chip"
          label={t("filter.more")}
          placement="bottom start"
          groups={() => [{ id: "more", entries: rest.map((id) => ({ id, text: t(`filter.${id}`), onAction: () => setAdded((present) => [...present, id]) })) }]}
        >
          {t("filter.more")}
          <Icon name="down" width="12" height="12" />
        </MenuButton>
      )}
      {Object.keys(state.filter).length > 0 && (
        <Button kind="quiet" onPress={state.clear}>
          {t("filter.clear")}
        </Button>
      )}
      <OrderMenu state={state} />
    </div>
  );
});

function Search({ state }: { state: State }) {
  const { t } = useTranslation();
  const { parameters, setValues } = state;
  const search = useCallback((text: string) => setValues("search", text ? [text] : []), [setValues]);
  return <SearchBox id="customer-search" label={t("filter.search")} text={parameters.get("search") ?? ""} onSearch={search} />;
}
