/** Numbers and times as people read them. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function mebibytes(count: number): string {
  const value = count / 1_048_576;
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} MiB`;
}

export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const STEPS: [number, Intl.RelativeTimeFormatUnit][] = [
  [60, "second"],
  [3600, "minute"],
  [86_400, "hour"],
  [604_800, "day"],
  [2_629_800, "week"],
  [31_557_600, "month"],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

export function ago(time: string, now = Date.now()): string {
  const seconds = (Date.parse(time) - now) / 1000;
  const distance = Math.abs(seconds);
  if (distance < 10) return "just now";
  let size = 1;
  for (const [limit, unit] of STEPS) {
    if (distance < limit) return relative.format(Math.round(seconds / size), unit);
    size = limit;
  }
  return relative.format(Math.round(seconds / 31_557_600), "year");
}

export function count(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString("en")} ${value === 1 ? one : many}`;
}

const dated = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** A point in time, to the minute. */
export function moment(time: string): string {
  return dated.format(new Date(time));
}

/** A change of size, with its sign. */
export function difference(count: number): string {
  if (!count) return "same size";
  return `${count < 0 ? "−" : "+"}${bytes(Math.abs(count))}`;
}
