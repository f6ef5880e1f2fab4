/** A condition of a list: a button that names the chosen values, and opens all of them with their counts. */
import { useFormats } from "./formats";
import { Icon } from "./icons";
import { MenuButton } from "./menu_button";
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
  startsOpen?: boolean;
}

export function FilterChip({ label, chosen, values, onChoose, isSingle = false, startsOpen = false }: Props) {
  const { number } = useFormats();
  const texts = chosen.map((id) => values.find((value) => value.id === id)?.text ?? id);
  const entries = () => values.map(({ count, ...value }) => ({ ...value, isDimmed: count === 0, end: count === undefined ? undefined : number(count) }));
  return (
    <MenuButton
      className={`button chip ${chosen.length ? "chip-active" : ""}`}
      label={label}
      placement="bottom start"
      startsOpen={startsOpen}
      groups={() => [{ id: "values", entries: entries(), chosen, isMultiple: !isSingle, onChoose }]}
    >
      {label}
      {texts.length > 0 && <strong title={texts.join(", ")}>{texts.length > 1 ? `${texts[0]} +${texts.length - 1}` : texts[0]}</strong>}
      <Icon name="down" width="12" height="12" />
    </MenuButton>
  );
}
