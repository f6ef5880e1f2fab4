/** The license trend: stacked areas with the figures of a week, which pointer and keyboard choose; and a table for screen readers. */
import type { TextKey, Words } from "./texts";
import { element } from "./widget";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [400, 140];

export interface TrendPoint {
  weekStart: string;
  total: number;
  assigned: number;
  used: number;
  available: number;
}

const SERIES = ["used", "unused", "available"] as const;

/** The chart, its axis, and a legend that names the figures of the chosen week; at first the last one. */
export function trend(points: readonly TrendPoint[], words: Words): HTMLElement[] {
  const figures = SERIES.map(() => element("b", ""));
  const legend = element("div", "legend", ...SERIES.map((name, index) => element("span", name, words.say(name), " ", figures[index] ?? "")));
  const week = element("span", "");
  const total = element("b", "");
  const slider = element("input", "weeks") as HTMLInputElement;
  Object.assign(slider, { type: "range", min: "0", max: String(points.length - 1), value: String(points.length - 1) });
  slider.setAttribute("aria-label", words.say("trend"));
  const mark = element("div", "mark");
  const choose = () => {
    const index = Number(slider.value);
    const point = points[index] ?? points[0];
    if (!point) return;
    valuesOf(point).forEach((value, series) => figures[series]?.replaceChildren(words.number(value)));
    week.textContent = `${words.say("week")} ${words.date(point.weekStart)}`;
    total.textContent = words.number(point.total);
    mark.style.setProperty("inset-inline-start", `${points.length > 1 ? (100 * index) / (points.length - 1) : 100}%`);
    slider.setAttribute("aria-valuetext", `${week.textContent}: ${legend.textContent}`);
  };
  slider.addEventListener("input", choose);
  slider.addEventListener("pointermove", ({ offsetX }) => {
    const isReversed = getComputedStyle(slider).direction === "rtl";
    const part = offsetX / slider.clientWidth;
    slider.value = String(Math.round((isReversed ? 1 - part : part) * (points.length - 1)));
    choose();
  });
  choose();
  const highest = words.number(highestOf(points));
  const ends = [points[0], points.at(-1)].map((point) => element("span", "", words.date(point?.weekStart ?? "")));
  const area = element("div", "area", chart(points), mark, slider);
  return [
    element("p", "head", words.say("trend")),
    element("p", "small", week, " · ", words.say("total"), " ", total),
    legend,
    element("div", "axis small", element("span", "", highest)),
    area,
    element("div", "axis small", ...ends),
    table(points, words),
  ];
}

/** Used, assigned but not used, available. What is used without an assignment is part of neither. */
function valuesOf({ used, assigned, available }: TrendPoint): number[] {
  const inUse = Math.min(used, assigned);
  return [inUse, assigned - inUse, available];
}

function highestOf(points: readonly TrendPoint[]): number {
  return Math.max(1, ...points.map(({ assigned, available }) => assigned + available));
}

function chart(points: readonly TrendPoint[]): SVGElement {
  const drawn = points.map((point) => {
    const [inUse = 0, unused = 0, available = 0] = valuesOf(point);
    return [0, inUse, inUse + unused, inUse + unused + available];
  });
  const highest = highestOf(points);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "chart");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const place = (index: number, value: number) => {
    const x = points.length > 1 ? (index * WIDTH) / (points.length - 1) : index * WIDTH;
    return `${x.toFixed(1)},${(HEIGHT - (value / highest) * HEIGHT).toFixed(1)}`;
  };
  SERIES.forEach((name, level) => {
    const above = drawn.map((each, index) => place(index, each[level + 1] ?? 0));
    const below = drawn.map((each, index) => place(index, each[level] ?? 0)).reverse();
    // One week alone has no width; its value is drawn from edge to edge.
    const alone = points.length === 1 ? [place(1, drawn[0]?.[level + 1] ?? 0), place(1, drawn[0]?.[level] ?? 0)] : [];
    const area = document.createElementNS(SVG, "polygon");
    area.setAttribute("class", name);
    area.setAttribute("points", [...above, ...alone, ...below].join(" "));
    svg.append(area);
  });
  return svg;
}

function table(points: readonly TrendPoint[], words: Words): HTMLElement {
  const names: TextKey[] = ["week", ...SERIES];
  const head = element("tr", "", ...names.map((name) => element("th", "", words.say(name))));
  const rows = points.map((point) => {
    const figures = valuesOf(point).map((value) => element("td", "", words.number(value)));
    return element("tr", "", element("th", "", words.date(point.weekStart)), ...figures);
  });
  return element("table", "", element("caption", "", words.say("trend")), head, ...rows);
}
