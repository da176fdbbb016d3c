// How times, numbers and names are written.

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const utc = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hourCycle: "h23", ...options });
const dayFormat = utc({ weekday: "short", day: "numeric", month: "short" });
const longDayFormat = utc({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const dateFormat = utc({ day: "numeric", month: "short", year: "numeric" });
const localFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long", hourCycle: "h23" });

export const isoTime = (time) => new Date(time).toISOString();
export const formatClock = (time) => isoTime(time).slice(11, time % MINUTE ? 19 : 16);
export const formatDayAndClock = (time) => `${dayFormat.format(time)}, ${formatClock(time)}`;
export const formatDateAndClock = (time) => `${dateFormat.format(time)}, ${formatClock(time)}`;
export const formatLongDay = (time) => longDayFormat.format(time);
export const formatLocalTime = (time) => `${localFormat.format(time)} where you are`;
export const formatTableTime = (time) => `${isoTime(time).slice(0, 10)} ${isoTime(time).slice(11, 19)}`;

// What a datetime-local field holds is taken as UTC.
export const toTimeField = (time) => isoTime(time).slice(0, 16);
export const fromTimeField = (text) => (text ? Date.parse(`${text}Z`) : NaN);

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const upToSix = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });
const tiny = new Intl.NumberFormat("en", { maximumSignificantDigits: 6, notation: "scientific" });
const upToFour = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const oneDigit = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export const formatCount = (value) => grouped.format(value);
export function formatNumber(value) {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return grouped.format(value);
  const size = Math.abs(value);
  return (size < 1e-4 || size >= 1e15 ? tiny : upToSix).format(value);
}
// What the model expects is an estimate: four digits say enough.
export function formatEstimate(value) {
  const size = Math.abs(value ?? 0);
  return value === null || value === undefined || Number.isInteger(value) || size < 1e-4 || size >= 1e15 ? formatNumber(value) : upToFour.format(value);
}
// Scores are cut, not rounded: 69.98 must not look like the threshold, nor 99.97 like certainty.
export const formatScore = (value) => (value === null || value === undefined ? "–" : oneDigit.format(Math.trunc(value * 10) / 10));
export const formatBand = (lower, upper) => (lower === null || upper === null ? "–" : `${formatEstimate(lower)}–${formatEstimate(upper)}`);
export const counted = (value, one, many = `${one}s`) => `${formatCount(value)} ${value === 1 ? one : many}`;

export function formatDuration(milliseconds) {
  const units = [[DAY, "day"], [HOUR, "hour"], [MINUTE, "minute"], [1000, "second"]];
  const [size, name] = units.find(([unit]) => milliseconds >= unit) ?? units[3];
  return counted(Math.floor(milliseconds / size), name);
}
export function formatPeriod(milliseconds) {
  for (const [size, name] of [[DAY, "day"], [HOUR, "hour"], [MINUTE, "minute"], [1000, "second"]]) {
    if (milliseconds % size === 0) return milliseconds === size ? `per ${name}` : `per ${milliseconds / size} ${name}s`;
  }
  return `per ${milliseconds} ms`;
}

// A name inside a sentence: isolated, so that its direction marks stay its own, and not longer than a sentence bears.
export const quoted = (name, length = 80) => `\u2068${name.length > length ? `${name.slice(0, length - 1)}…` : name}\u2069`;

export const directionWords = { HIGH: "too high", LOW: "too low", NONE: "unusual" };
