/** The icons of the statuses, the same shapes as in the dashboard. */

const SVG = "http://www.w3.org/2000/svg";
const PATHS: Record<string, string> = {
  SUSPENDED: "M5.2 1.5h5.6L14.5 5.2v5.6l-3.7 3.7H5.2L1.5 10.8V5.2zM5 8h6",
  LICENSE_OVERAGE: "M2 13.5h12M2 9.5h12M8 9V2M5 4.8 8 1.8l3 3",
  EXPIRING_SOON: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 4.6V8l2.4 1.6",
  EXPIRED: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM3.7 3.7l8.6 8.6",
  READY_FOR_ORDER_SETUP:
    "M10.2 2.2a3.6 3.6 0 0 0-4.3 4.7L1.8 11l2.6 2.6L8.6 9.5a3.6 3.6 0 0 0 4.7-4.3L11 7.4 8.7 5z",
  NO_RECENT_ACTIVITY: "M13.2 9.8A5.8 5.8 0 0 1 6.2 2.8a5.8 5.8 0 1 0 7 7z",
  TRIAL: "M6 1.8h4M6.8 1.8v4.4L2.9 12.8a1 1 0 0 0 .9 1.5h8.4a1 1 0 0 0 .9-1.5L9.2 6.2V1.8M4.8 10h6.4",
  SUBSCRIPTION: "M2.5 8.5 6.3 12.3 13.5 4",
};

export function statusIcon(status: string): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[status] ?? "");
  svg.append(path);
  return svg;
}
