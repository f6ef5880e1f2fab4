/** The query bar: free text, and a chip for each condition, whose list of values shows how many customers have each. */
import { useEffect, useRef, useState } from "react";
import { Button as AriaButton, Input, Menu, MenuItem, MenuTrigger, Popover, SearchField } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/button";
import { useFormats } from "../ui/formats";
import { Icon } from "../ui/icons";
import { StatusLabel } from "../ui/status_chip";
import { TagLabel } from "../ui/tag_label";
import { DAY_CONDITIONS, type useListState } from "./filters";
import type { Counts } from "./use_counts";
import type { CustomerStatus, TagColor } from "../gql/graphql";

type State = ReturnType<typeof useListState>;

interface Value {
  id: string;
  text: string;
  count?: number | undefined;
  label?: React.ReactNode;
}

const TYPING_MILLISECONDS = 200;
const DAYS = ["7", "30", "60", "90", "180"];

export function QueryBar({ state, counts }: { state: State; counts: Counts | undefined }) {
  const { t } = useTranslation();
  const facets = counts?.facets;
  const named = (condition: string, rows: readonly { value: string; count: number }[] | undefined): Value[] =>
    (rows ?? []).map(({ value, count }) => ({ id: value, text: t(`${condition}.${value}`), count }));
  const statuses = named("status", facets?.status).map((value) => ({
    ...value,
    label: <StatusLabel status={value.id as CustomerStatus} />,
  }));
  const tags = (facets?.tag ?? []).map(({ value, count }) => ({
    id: value.id,
    text: value.name,
    count,
    label: <TagLabel tag={{ ...value, color: value.color as TagColor }} />,
  }));
  const kpi = state.filter.kpi;
  const isEmpty = Object.keys(state.filter).length === 0;
  return (
    <div className="query-bar" role="search">
      <Search state={state} />
      <Chip state={state} name="status" values={statuses} />
      <Chip state={state} name="product" values={named("product", facets?.product)} />
      <Chip state={state} name="managedBy" values={named("managedBy", facets?.managedBy)} />
      <Chip state={state} name="subscriptionType" values={named("subscriptionType", facets?.subscriptionType)} />
      <Chip state={state} name="tag" values={tags} />
      {DAY_CONDITIONS.map((name) => (
        <Chip
          key={name}
          state={state}
          name={name}
          isSingle
          values={DAYS.map((days) => ({ id: days, text: t("filter.days", { count: Number(days) }) }))}
        />
      ))}
      {kpi && (
        <Button onPress={() => state.setValues("kpi", [])} className="chip chip-active">
          {t(`kpi.${kpi.kind}`)}
          {kpi.product ? `: ${t(`product.${kpi.product}`)}` : ""}
          <Icon name="close" width="12" height="12" />
        </Button>
      )}
      {!isEmpty && (
        <Button kind="quiet" onPress={state.clear}>
          {t("filter.clear")}
        </Button>
      )}
    </div>
  );
}

function Search({ state }: { state: State }) {
  const { t } = useTranslation();
  const present = state.parameters.get("search") ?? "";
  const [text, setText] = useState(present);
  const { setValues } = state;
  const sent = useRef(present);
  useEffect(() => {
    // The address changed by something else: the back button, a saved view.
    if (present !== sent.current) setText(present);
    sent.current = present;
  }, [present]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      setValues("search", text ? [text] : []);
    }, TYPING_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text, setValues]);
  return (
    <SearchField className="search" aria-label={t("filter.search")} value={text} onChange={setText}>
      <Icon name="search" />
      <Input id="customer-search" placeholder={t("filter.search")} maxLength={100} />
      <AriaButton className="search-clear" aria-label={t("filter.clearSearch")}>
        <Icon name="close" width="12" height="12" />
      </AriaButton>
    </SearchField>
  );
}

interface ChipProps {
  state: State;
  name: string;
  values: readonly Value[];
  isSingle?: boolean;
}

function Chip({ state, name, values, isSingle = false }: ChipProps) {
  const { t } = useTranslation();
  const chosen = state.parameters.getAll(name);
  const texts = chosen.map((id) => values.find((value) => value.id === id)?.text ?? id);
  return (
    <MenuTrigger>
      <AriaButton className={`button chip ${chosen.length ? "chip-active" : ""}`}>
        {t(`filter.${name}`)}
        {texts.length > 0 && <strong>{texts.length > 2 ? t("filter.several", { count: texts.length }) : texts.join(", ")}</strong>}
        <Icon name="down" width="12" height="12" />
      </AriaButton>
      <Popover className="menu-popover" placement="bottom start">
        <Menu
          aria-label={t(`filter.${name}`)}
          selectionMode={isSingle ? "single" : "multiple"}
          selectedKeys={chosen}
          onSelectionChange={(keys) => keys !== "all" && state.setValues(name, [...keys].map(String))}
          renderEmptyState={() => <p className="secondary menu-empty">{t("filter.noValues")}</p>}
        >
          {values.map((value) => (
            <ValueItem key={value.id} value={value} />
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function ValueItem({ value }: { value: Value }) {
  const { number } = useFormats();
  const isDimmed = value.count === 0;
  return (
    <MenuItem id={value.id} textValue={value.text} className={`menu-item ${isDimmed ? "menu-item-dimmed" : ""}`}>
      {({ isSelected }) => (
        <>
          <span className="checkbox-box">{isSelected && "✓"}</span>
          {value.label ?? value.text}
          {value.count !== undefined && <span className="menu-item-end">{number(value.count)}</span>}
        </>
      )}
    </MenuItem>
  );
}
