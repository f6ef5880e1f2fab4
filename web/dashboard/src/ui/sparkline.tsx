/** A small line, or small columns, without axes: whether a figure grows. Its caption says of what. */
import "./sparkline.css";

const WIDTH = 100;
const HEIGHT = 24;

interface Props {
  values: readonly number[];
  kind: "line" | "columns";
}

export function Sparkline({ values, kind }: Props) {
  const largest = Math.max(...values);
  // Columns stand on zero. A line shows changes that are small beside the figure.
  const least = kind === "columns" ? 0 : Math.min(...values);
  const y = (value: number) => (largest === least ? (largest > 0 ? HEIGHT / 2 : HEIGHT - 1) : HEIGHT - 1 - ((value - least) / (largest - least)) * (HEIGHT - 2));
  const step = WIDTH / values.length;
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {kind === "line" ? (
        <polyline points={values.map((value, place) => `${(place + 0.5) * step},${y(value)}`).join(" ")} />
      ) : (
        values.map((value, place) => <rect key={place} x={place * step} width={step * 0.7} y={y(value)} height={HEIGHT - y(value)} />)
      )}
    </svg>
  );
}
