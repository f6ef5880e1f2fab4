/** The weeks that can be chosen: those that are completed, as Mondays in UTC, the latest first. */

const DAY = 24 * 60 * 60 * 1_000;

export function completedWeeks(count: number, now = Date.now()): string[] {
  const today = new Date(now);
  const sinceMonday = (today.getUTCDay() + 6) % 7;
  const monday = Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate()) - sinceMonday * DAY;
  return Array.from({ length: count }, (_, week) => new Date(monday - (week + 1) * 7 * DAY).toISOString().slice(0, 10));
}
