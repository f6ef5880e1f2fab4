/** One of a few values, all of them visible. */
import { Radio, RadioGroup } from "react-aria-components";
import "./segments.css";

interface Props {
  label: string;
  value: string;
  /** Ids with their texts. */
  options: readonly (readonly [id: string, text: string])[];
  onChange(value: string): void;
}

export function Segments({ label, value, options, onChange }: Props) {
  return (
    <RadioGroup className="segments" aria-label={label} orientation="horizontal" value={value} onChange={onChange}>
      {options.map(([id, text]) => (
        <Radio key={id} value={id} className="segment">
          {text}
        </Radio>
      ))}
    </RadioGroup>
  );
}
