/** Values with their names. */
import type { ReactNode } from "react";

interface Props {
  facts: readonly (readonly [name: string, value: ReactNode])[];
  className?: string;
}

export function Facts({ facts, className = "facts" }: Props) {
  return (
    <dl className={className}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt className="secondary small">{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
