/** The icons, drawn on a grid of 16: a shape a status, so that they can be told apart without colour. */
import type { SVGProps } from "react";

const PATHS = {
  suspended: "M5.2 1.5h5.6L14.5 5.2v5.6l-3.7 3.7H5.2L1.5 10.800V5.2zM5 8h6",
  "license-overage": "M2 13.500h12M2 9.500h12M8 9V2M5 4.800 8 1.800l3 3",
  "expiring-soon": "M8 1.800a6.200 6.200 0 1 0 0 12.400A6.200 6.200 0 0 0 8 1.800zM8 4.600V8l2.400 1.600",
  expired: "M8 1.800a6.200 6.200 0 1 0 0 12.400A6.200 6.200 0 0 0 8 1.800zM3.700 3.700l8.600 8.600",
  "ready-for-order-setup": "M10.200 2.200a3.600 3.600 0 0 0-4.300 4.700L1.800 11l2.600 2.600L8.600 9.500a3.600 3.600 0 0 0 4.700-4.300L11 7.400 8.700 5z",
  "no-recent-activity": "M13.200 9.800A5.800 5.800 0 0 1 6.200 2.800a5.800 5.800 0 1 0 7 7z",
  trial: "M6 1.800h4M6.800 1.800v4.400L2.900 12.800a1 1 0 0 0 .9 1.500h8.400a1 1 0 0 0 .9-1.500L9.200 6.200V1.800M4.800 10h6.400",
  subscription: "M2.500 8.500 6.300 12.300 13.500 4",
  customers: "M5.800 7.500a2.600 2.600 0 1 0 0-5.200 2.600 2.600 0 0 0 0 5.200zM1.500 13.700c0-2.500 1.700-4.200 4.300-4.200s4.300 1.700 4.300 4.200M10.500 2.500a2.500 2.500 0 0 1 0 4.800M11.800 9.700c1.700.5 2.700 2 2.700 4",
  analytics: "M2 14V9M6 14V5M10 14V7.500M14 14V2",
  calling: "M3.200 1.800 5.600 1.800 7 5.200 5.300 6.500a8.500 8.500 0 0 0 4.200 4.200L10.800 9l3.400 1.400v2.400a1.400 1.400 0 0 1-1.500 1.400C6.700 13.800 2.200 9.300 1.800 3.300A1.400 1.400 0 0 1 3.200 1.800z",
  resources: "M8 1.800a6.200 6.200 0 1 0 0 12.400A6.200 6.200 0 0 0 8 1.800zM6 6.200a2 2 0 1 1 2.800 1.900c-.5.200-.8.600-.8 1.200M8 11.300v.1",
  alerts: "M8 2a4 4 0 0 0-4 4v3l-1.500 2.500h11L12 9V6a4 4 0 0 0-4-4zM6.500 13.500a1.600 1.600 0 0 0 3 0",
  forecasts: "M2.500 3.500h11v10h-11zM2.500 6.500h11M5.500 2v3M10.500 2v3M5.500 10.500l2-2 1.500 1.500 2-2",
  integrations: "M5.500 2v3M10.500 2v3M3.500 5h9v2.500a4.500 4.500 0 0 1-9 0V5zM8 12v2.500",
  organization: "M2.500 14V2.500h6V14M8.500 6.500h5V14M1.500 14h13M4.800 5.300h1.400M4.800 8h1.400M4.800 10.800h1.400",
  search: "M7 2.200a4.800 4.800 0 1 0 0 9.600 4.800 4.800 0 0 0 0-9.600zM10.500 10.500 14 14",
  launch: "M6.500 3H3v10h10V9.500M9.500 2.500h4v4M13.200 2.800 7.500 8.500",
  more: "M3 8h.1M8 8h.1M13 8h.1",
  close: "M3.500 3.500l9 9M12.500 3.500l-9 9",
  down: "M4 6.300 8 10.200 12 6.300",
  plus: "M8 3v10M3 8h10",
  up: "M4 9.700 8 5.800l4 3.900",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, ...rest }: { name: IconName } & SVGProps<SVGSVGElement>) {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      {...rest}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
