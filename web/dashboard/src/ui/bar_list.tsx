/** Horizontal bars with their names and figures. The figures are text, so that they are read without the bars. */
import { useId } from "react";
import "./charts.css";

export interface BarPart {
  color: 1 | 2 | 3 | 4 | 5;
  name: string;
  value: number;
}

export interface BarRow {
  name: string;
  parts: readonly BarPart[];
  figures: string;
}

interface Props {
  title: string;
  rows: readonly BarRow[];
  /** Shown where there is nothing to compare. */
  empty: string;
}

export function BarList({ title, rows, empty }: Props) {
  const titleId = useId();
  const sum = ({ parts }: BarRow) => parts.reduce((total, { value }) => total + value, 0);
  const largest = Math.max(0, ...rows.map(sum));
  return (
    <figure className="chart" aria-labelledby={titleId}>
      <figcaption>
        <h2 id={titleId}>{title}</h2>
      </figcaption>
      {largest === 0 ? (
        <p className="secondary">{empty}</p>
      ) : (
        <ul className="bar-list">
          {rows.map((row) => (
            <li key={row.name}>
              <span className="bar-list-name">{row.name}</span>
              <span className="secondary small numbers">{row.figures}</span>
              <span className="bar-list-bar" aria-hidden="true">
                {row.parts.map(({ color, name, value }) => (
                  <span key={name} title={name} style={{ width: `${(100 * value) / largest}%`, background: `var(--series-${color})` }} />
                ))}
              </span>
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}
