/** The chart of the license trend: stacked areas, and the same figures as a table for screen readers. */
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

export function chart(points: readonly TrendPoint[]): SVGElement {
  const drawn = points.map(({ used, assigned, available }) => {
    const inUse = Math.min(used, assigned);
    return [0, inUse, assigned, assigned + available];
  });
  const highest = Math.max(1, ...drawn.map((each) => each[3] ?? 0));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "chart");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const place = (index: number, value: number) => {
    const x = points.length > 1 ? (index * WIDTH) / (points.length - 1) : index * WIDTH;
    return `${x.toFixed(1)},${(HEIGHT - (value / highest) * HEIGHT).toFixed(1)}`;
  };
  ["used", "unused", "available"].forEach((name, level) => {
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

export function table(points: readonly TrendPoint[], words: Words): HTMLElement {
  const names: TextKey[] = ["week", "used", "unused", "available"];
  const head = element("tr", "", ...names.map((name) => element("th", "", words.say(name))));
  const rows = points.map(({ weekStart, used, assigned, available }) => {
    const figures = [used, Math.max(0, assigned - used), available].map((value) => element("td", "", words.number(value)));
    return element("tr", "", element("td", "", words.date(weekStart)), ...figures);
  });
  return element("table", "", element("caption", "", words.say("trend")), head, ...rows);
}
