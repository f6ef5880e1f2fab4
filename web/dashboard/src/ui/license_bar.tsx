/** One bar: licences used, assigned and available; assigned ones beyond the ordered number are hatched. */
import i18next from "i18next";
import type { CSSProperties } from "react";
import { text } from "../texts/texts";
import { currentFormats, NONE } from "./formats";
import "./chips.css";

export interface LicenseFigures {
  total: number;
  assigned: number;
  used: number;
  available: number;
  overage: number;
}

/** The sums of lines; available and overage are summed, never netted. */
export function sumLicenses(lines: readonly LicenseFigures[]): LicenseFigures {
  const sum = { total: 0, assigned: 0, used: 0, available: 0, overage: 0 };
  for (const line of lines) for (const name of Object.keys(sum) as (keyof LicenseFigures)[]) sum[name] += line[name];
  return sum;
}

const FIGURES = ["total", "assigned", "used", "available", "overage"] as const;

// Without hooks, as everything that each row of the long list has.
export function LicenseBar({ figures }: { figures: LicenseFigures }) {
  const { number } = currentFormats();
  const { total, assigned, used, overage } = figures;
  if (total + assigned === 0) return <span className="secondary">{NONE}</span>;
  const full = Math.max(total, total + overage, 1);
  const percent = (part: number) => `${(100 * part) / full}%`;
  const shares = { "--used": percent(Math.max(0, Math.min(used, assigned - overage))), "--assigned": percent(Math.max(0, assigned - overage)), "--overage": percent(overage) };
  const lines = FIGURES.map((name) => `${text(`licenses.${name}`)}\t${number(figures[name])}`);
  return (
    <span role="img" tabIndex={-1} className="licenses" aria-label={lines.join(", ").replaceAll("\t", " ")} data-tip={lines.join("\n")}>
      <span className="small numbers">{i18next.t("licenses.ofTotal", { assigned: number(assigned), total: number(total) })}</span>
      <span className="licenses-bar" style={shares as CSSProperties} />
    </span>
  );
}
