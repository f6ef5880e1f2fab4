/** Several values chosen from a list, with how many are chosen; none chosen means any. */
import { useId } from "react";
import { FieldError, useErrorId } from "./form";
import { Icon } from "./icons";
import "./choices.css";

interface Props<Value extends string> {
  label: string;
  /** What no choice means: "All events". */
  anyText: string;
  values: readonly Value[];
  text(value: Value): string;
  chosen: readonly Value[];
  onChange(values: Value[]): void;
  error?: string | undefined;
}

export function Choices<Value extends string>({ label, anyText, values, text, chosen, onChange, error }: Props<Value>) {
  const id = useId();
  const [errorId, described] = useErrorId(error);
  const toggle = (value: Value) => onChange(values.filter((each) => (each === value ? !chosen.includes(each) : chosen.includes(each))));
  return (
    <div className="field">
      <span id={`${id}-label`} className="field-label">
        {label}
      </span>
      <details className="choices" open={error !== undefined || undefined}>
        <summary aria-labelledby={`${id}-label ${id}-chosen`} {...described}>
          <span id={`${id}-chosen`}>{chosen.length === 0 ? anyText : chosen.map(text).join(", ")}</span>
          <Icon name="down" width="12" height="12" />
        </summary>
        <div className="choices-list" role="group" aria-labelledby={`${id}-label`}>
          {values.map((value) => (
            <label key={value} className="checkbox">
              <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
              {text(value)}
            </label>
          ))}
        </div>
      </details>
      <FieldError id={errorId} text={error} />
    </div>
  );
}
