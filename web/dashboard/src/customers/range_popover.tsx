/** The first and the last day of a range of time, each of them may be left out. */
import { Dialog, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { TextInput } from "../ui/form";
import type { RangeCondition, useListState } from "./filters";

interface Props {
  name: RangeCondition;
  state: ReturnType<typeof useListState>;
  triggerRef: React.RefObject<HTMLElement | null>;
  onClose(): void;
}

const DAY_MILLISECONDS = 86_400_000;

/** The day of an instant in UTC, as in the rules of the domain. */
function dayOf(instant: unknown, moved = 0): string {
  return typeof instant === "string" ? new Date(Date.parse(instant) + moved).toISOString().slice(0, 10) : "";
}

/** The beginning of a day, or of the next one; nothing for a day that is not complete. */
function instantOf(day: string, moved = 0): string[] {
  const moment = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(moment) ? [] : [new Date(moment + moved).toISOString()];
}

export default function RangePopover({ name, state, triggerRef, onClose }: Props) {
  const { t } = useTranslation();
  const { since, until } = state.filter[name] ?? {};
  return (
    <Popover className="menu-popover range" triggerRef={triggerRef} placement="bottom start" isOpen onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog className="range-days" aria-label={t(`filter.${name}`)}>
        <TextInput label={t("filter.since")} type="date" value={dayOf(since)} onChange={(day) => state.setValues(`${name}Since`, instantOf(day))} autoFocus />
        {/* The end is exclusive: the beginning of the day after the last one. */}
        <TextInput label={t("filter.until")} type="date" value={dayOf(until, -1)} onChange={(day) => state.setValues(`${name}Until`, instantOf(day, DAY_MILLISECONDS))} />
      </Dialog>
    </Popover>
  );
}
