/** One bar: licences used, assigned and available; assigned ones beyond the ordered number are hatched. */
import { Focusable, Tooltip, TooltipTrigger } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { NONE, useFormats } from "./formats";
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

export function LicenseBar({ figures }: { figures: LicenseFigures }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const { total, assigned, used, overage } = figures;
  if (total + assigned === 0) return <span className="secondary">{NONE}</span>;
  const full = Math.max(total, total + overage, 1);
  const width = (part: number) => ({ width: `${(100 * part) / full}%` });
  const usedWithin = Math.min(used, assigned - overage);
  const text = t("licenses.ofTotal", { assigned: number(assigned), total: number(total) });
  return (
    <TooltipTrigger delay={300}>
      <Focusable>
        <span role="img" tabIndex={-1} className="licenses" aria-label={text}>
          <span className="small numbers">{text}</span>
          <span className="licenses-bar">
            <span className="licenses-used" style={width(Math.max(0, usedWithin))} />
            <span className="licenses-assigned" style={width(Math.max(0, assigned - overage - usedWithin))} />
            {overage > 0 && <span style={width(Math.max(0, total - assigned + overage))} />}
            {overage > 0 && <span className="licenses-overage" style={width(overage)} />}
          </span>
        </span>
      </Focusable>
      <Tooltip className="tooltip" offset={4}>
        <dl className="licenses-figures">
          {(["total", "assigned", "used", "available", "overage"] as const).map((name) => (
            <Figure key={name} name={t(`licenses.${name}`)} value={number(figures[name])} />
          ))}
        </dl>
      </Tooltip>
    </TooltipTrigger>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
