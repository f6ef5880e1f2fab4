/** A condition of a list: a button that names the chosen values, and opens all of them with their counts. */
import { Button as AriaButton, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useFormats } from "./formats";
import { Icon } from "./icons";
import "./query_bar.css";

export interface FilterValue {
  id: string;
  text: string;
  count?: number | undefined;
  label?: React.ReactNode;
}

interface Props {
  label: string;
  chosen: readonly string[];
  values: readonly FilterValue[];
  onChoose(values: readonly string[]): void;
  isSingle?: boolean;
}

export function FilterChip({ label, chosen, values, onChoose, isSingle = false }: Props) {
  const { t } = useTranslation();
  const texts = chosen.map((id) => values.find((value) => value.id === id)?.text ?? id);
  return (
    <MenuTrigger>
      <AriaButton className={`button chip ${chosen.length ? "chip-active" : ""}`}>
        {label}
        {texts.length > 0 && <strong>{texts.length > 2 ? t("filter.several", { count: texts.length }) : texts.join(", ")}</strong>}
        <Icon name="down" width="12" height="12" />
      </AriaButton>
      <Popover className="menu-popover" placement="bottom start">
        <Menu
          aria-label={label}
          selectionMode={isSingle ? "single" : "multiple"}
          selectedKeys={chosen}
          onSelectionChange={(keys) => keys !== "all" && onChoose([...keys].map(String))}
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

function ValueItem({ value }: { value: FilterValue }) {
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
