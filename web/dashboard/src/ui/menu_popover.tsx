/** The menu of a button: groups of actions, and of values to choose from. */
import { Header, Menu, MenuItem, MenuSection, Popover, type PopoverProps } from "react-aria-components";
import { useTranslation } from "react-i18next";
import type { MenuEntry, MenuGroup } from "./menu_button";

interface Props {
  label: string;
  placement: NonNullable<PopoverProps["placement"]>;
  groups: readonly MenuGroup[];
  triggerRef: React.RefObject<HTMLElement | null>;
  onClose(): void;
}

export default function MenuPopover({ label, placement, groups, triggerRef, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Popover className="menu-popover" trigger="MenuTrigger" triggerRef={triggerRef} placement={placement} isOpen onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Menu aria-label={label} autoFocus="first" onClose={onClose} renderEmptyState={() => <p className="secondary menu-empty">{t("filter.noValues")}</p>}>
        {groups.filter(({ entries }) => entries.length > 0).map((group) => (
          <Group key={group.id} group={group} label={label} />
        ))}
      </Menu>
    </Popover>
  );
}

function Group({ group, label }: { group: MenuGroup; label: string }) {
  const { id, title, entries, chosen = [], isMultiple = false, onChoose } = group;
  return (
    <MenuSection
      id={id}
      aria-label={title ?? label}
      selectionMode={!onChoose ? "none" : isMultiple ? "multiple" : "single"}
      disallowEmptySelection={title !== undefined}
      selectedKeys={chosen}
      onSelectionChange={(keys) => keys !== "all" && onChoose?.([...keys].map(String))}
    >
      {title && <Header className="menu-header secondary small">{title}</Header>}
      {entries.map((entry) => (
        <Entry key={entry.id} entry={entry} isMultiple={isMultiple} />
      ))}
    </MenuSection>
  );
}

function Entry({ entry, isMultiple }: { entry: MenuEntry; isMultiple: boolean }) {
  const { id, text, label, end, isDimmed = false, ...rest } = entry;
  return (
    <MenuItem id={id} textValue={text} className={`menu-item ${isDimmed ? "menu-item-dimmed" : ""}`} {...rest}>
      {({ isSelected }) => (
        <>
          {isMultiple && <span className="checkbox-box">{isSelected && "✓"}</span>}
          {label ?? text}
          {end !== undefined && <span className="menu-item-end">{end}</span>}
          {isSelected && !isMultiple && <span className="menu-item-end">✓</span>}
        </>
      )}
    </MenuItem>
  );
}
