/** Stacked columns or areas over weeks, with a line where there is one. The same figures are one click away as a table. */
import { AxisBottom, AxisLeft, AxisRight } from "@visx/axis";
import { Group } from "@visx/group";
import { ParentSize } from "@visx/responsive";
import { scaleBand, scaleLinear } from "@visx/scale";
import { Bar, LinePath } from "@visx/shape";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./button";
import { type Column, DataTable } from "./data_table";
import { NONE, useFormats } from "./formats";
import "./charts.css";

export interface Series {
  /** The place of its colour among the five of the tokens. */
  color: 1 | 2 | 3 | 4 | 5;
  name: string;
  values: readonly (number | null)[];
}

interface Props {
  title: string;
  unit: string;
  /** The Monday of each week, or the first day of each month. */
  weeks: readonly string[];
  period?: "week" | "month";
  stacked: readonly Series[];
  line?: Series & { unit: string; isPercent?: boolean };
}

const MARGIN = { top: 12, right: 16, bottom: 32, left: 88 };
const PERCENT_AXIS = 56;
const HEIGHT = 260;

export function TrendChart(props: Props) {
  const { t } = useTranslation();
  const [isTable, setTable] = useState(false);
  const titleId = useId();
  const series = [...props.stacked, ...(props.line ? [props.line] : [])];
  if (!series.some(({ values }) => values.some(Boolean)))
    return (
      <figure className="chart" aria-labelledby={titleId}>
        <h2 id={titleId}>{props.title}</h2>
        <p className="secondary">{t("chart.empty")}</p>
      </figure>
    );
  return (
    <figure className="chart" aria-labelledby={titleId}>
      <figcaption className="chart-head">
        <h2 id={titleId}>{props.title}</h2>
        <Button kind="quiet" onPress={() => setTable(!isTable)}>
          {t(isTable ? "chart.asChart" : "chart.asTable")}
        </Button>
      </figcaption>
      <Legend {...props} />
      {isTable ? (
        <ChartTable {...props} />
      ) : (
        <div className="chart-box" style={{ height: HEIGHT }}>
          <ParentSize>{({ width }) => width > 0 && <Chart {...props} width={width} />}</ParentSize>
        </div>
      )}
    </figure>
  );
}

function Legend({ stacked, line }: Props) {
  return (
    <ul className="legend small">
      {[...stacked, ...(line ? [line] : [])].map(({ name, color }) => (
        <li key={name}>
          <span className={name === line?.name ? "legend-line" : "legend-box"} style={{ background: `var(--series-${color})` }} />
          {name}
        </li>
      ))}
    </ul>
  );
}

function Chart({ title, unit, weeks, period = "week", stacked, line, width }: Props & { width: number }) {
  const { t } = useTranslation();
  const { date, month, number, percent } = useFormats();
  const name = period === "month" ? month : (week: string | undefined) => date(week);
  const [active, setActive] = useState<number | null>(null);
  const right = line?.isPercent ? PERCENT_AXIS : MARGIN.right;
  const inner = { width: Math.max(0, width - MARGIN.left - right), height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const sums = weeks.map((_, week) => stacked.reduce((sum, { values }) => sum + (values[week] ?? 0), 0));
  const largest = Math.max(1, ...sums, ...(line && !line.isPercent ? line.values.map((value) => value ?? 0) : []));
  const x = scaleBand({ domain: weeks.map((_, week) => week), range: [0, inner.width], padding: 0.25 });
  const y = scaleLinear({ domain: [0, largest], range: [inner.height, 0], nice: true });
  const percents = scaleLinear({ domain: [0, Math.max(10, ...(line?.values.map((value) => value ?? 0) ?? []))], range: [inner.height, 0], nice: true });
  const lineY = line?.isPercent ? percents : y;
  const points = (line?.values ?? []).map((value, week) => ({ week, value })).filter(({ value }) => value !== null);
  const text = (week: number) =>
    [
      name(weeks[week] ?? ""),
      ...stacked.map(({ name, values }) => `${name}: ${number(values[week] ?? 0)}`),
      ...(line ? [`${line.name}: ${line.isPercent ? percent(line.values[week]) : number(line.values[week] ?? 0)}`] : []),
    ].join("\n");
  const everyOther = Math.ceil(weeks.length / Math.max(1, Math.floor(inner.width / 84)));
  const move = (step: number) => setActive((week) => Math.max(0, Math.min(weeks.length - 1, (week ?? -1) + step)));
  return (
    <div className="chart-area">
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`${title}. ${t("chart.keys")}${active === null ? "" : ` ${text(active)}`}`}
        tabIndex={0}
        onKeyDown={(event) => {
          if (event.key === "ArrowRight") move(1);
          else if (event.key === "ArrowLeft") move(-1);
          else if (event.key === "Escape") setActive(null);
          else return;
          event.preventDefault();
        }}
        onMouseLeave={() => setActive(null)}
        onBlur={() => setActive(null)}
      >
        <Group left={MARGIN.left} top={MARGIN.top}>
          <AxisLeft scale={y} tickValues={y.ticks(5).filter(Number.isInteger)} label={unit} labelOffset={64} tickFormat={(value) => number(Number(value))} />
          <AxisBottom
            top={inner.height}
            scale={x}
            tickValues={weeks.map((_, week) => week).filter((week) => week % everyOther === 0)}
            tickFormat={(week) => name(weeks[Number(week)] ?? "").replace(/,? \d{4}\.?$/, "")}
          />
          {line?.isPercent && <AxisRight left={inner.width} scale={percents} numTicks={4} tickFormat={(value) => percent(Number(value)).replace(/[.,]0/, "")} />}
          {weeks.map((week, place) => {
            let top = inner.height;
            return (
              <g key={week} onMouseEnter={() => setActive(place)}>
                <rect x={x(place)} width={x.bandwidth()} height={inner.height} fill="transparent" />
                {stacked.map(({ name, color, values }) => {
                  const height = inner.height - y(values[place] ?? 0);
                  top -= height;
                  return <Bar key={name} x={x(place)} y={top} width={x.bandwidth()} height={height} fill={`var(--series-${color})`} opacity={active === null || active === place ? 1 : 0.55} />;
                })}
              </g>
            );
          })}
          {line && (
            <LinePath data={points} x={({ week }) => (x(week) ?? 0) + x.bandwidth() / 2} y={({ value }) => lineY(value ?? 0)} stroke={`var(--series-${line.color})`} strokeWidth={2} fill="none" pointerEvents="none" />
          )}
        </Group>
      </svg>
      {active !== null && (
        <div className="tooltip chart-tooltip" role="status" style={{ left: Math.min(MARGIN.left + (x(active) ?? 0) + x.bandwidth(), width - 190) }}>
          {text(active)}
        </div>
      )}
    </div>
  );
}

function ChartTable({ weeks, period = "week", stacked, line, title }: Props) {
  const { t } = useTranslation();
  const { date, month, number, percent } = useFormats();
  const columns = [...stacked, ...(line ? [line] : [])];
  const cell = (series: Series, week: number) => {
    const value = series.values[week];
    if (value == null) return NONE;
    return series.name === line?.name && line.isPercent ? percent(value) : number(value);
  };
  return (
    <DataTable
      label={title}
      hasRowHeads
      columns={[t(period === "month" ? "forecasts.month" : "chart.week"), ...columns.map(({ name }): Column => ({ name, kind: "number" }))]}
      rows={weeks.map((week, place) => ({ id: week, cells: [period === "month" ? month(week) : date(week), ...columns.map((series) => cell(series, place))] }))}
    />
  );
}
