// How times, numbers and names are written. Everything that comes from data stays text: nothing here makes markup.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const utc = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hourCycle: "h23", ...options });
const dayFormat = utc({ weekday: "short", day: "numeric", month: "short" });
const longDayFormat = utc({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const dateFormat = utc({ day: "numeric", month: "short", year: "numeric" });
const localFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long", hourCycle: "h23" });

const iso = (time) => new Date(time).toISOString();
const clock = (time) => iso(time).slice(11, time % MINUTE ? 19 : 16);
const dayAndClock = (time) => `${dayFormat.format(time)}, ${clock(time)}`;
const dateAndClock = (time) => `${dateFormat.format(time)}, ${clock(time)}`;
const longDay = (time) => longDayFormat.format(time);
const localTime = (time) => `${localFormat.format(time)} where you are`;
const tableTime = (time) => `${iso(time).slice(0, 10)} ${iso(time).slice(11, 19)}`;

// What a datetime-local field holds is taken as UTC.
const toField = (time) => iso(time).slice(0, 16);
const fromField = (text) => (text ? Date.parse(`${text}Z`) : NaN);

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const upToSix = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });
const tiny = new Intl.NumberFormat("en", { maximumSignificantDigits: 6, notation: "scientific" });
const upToFour = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const oneDigit = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

const count = (value) => grouped.format(value);
function number(value) {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return grouped.format(value);
  const size = Math.abs(value);
  return (size < 1e-4 || size >= 1e15 ? tiny : upToSix).format(value);
}
// What the model expects is an estimate: four digits say enough.
function estimate(value) {
  const size = Math.abs(value ?? 0);
  return value === null || value === undefined || Number.isInteger(value) || size < 1e-4 || size >= 1e15 ? number(value) : upToFour.format(value);
}
// Scores are cut, not rounded: 69.98 must not look like the threshold, nor 99.97 like certainty.
const score = (value) => (value === null || value === undefined ? "–" : oneDigit.format(Math.trunc(value * 10) / 10));
const range = (lower, upper) => (lower === null || upper === null ? "–" : `${estimate(lower)}–${estimate(upper)}`);
const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

function duration(milliseconds) {
  const units = [[DAY, "day"], [HOUR, "hour"], [MINUTE, "minute"], [1000, "second"]];
  const [size, name] = units.find(([unit]) => milliseconds >= unit) ?? units[3];
  return plural(Math.floor(milliseconds / size), name);
}
function period(milliseconds) {
  for (const [size, name] of [[DAY, "day"], [HOUR, "hour"], [MINUTE, "minute"], [1000, "second"]]) {
    if (milliseconds % size === 0) return milliseconds === size ? `per ${name}` : `per ${milliseconds / size} ${name}s`;
  }
  return `per ${milliseconds} ms`;
}

// A name inside a sentence: isolated, so that its direction marks stay its own, and not longer than a sentence bears.
const quoted = (name, length = 80) => `\u2068${name.length > length ? `${name.slice(0, length - 1)}…` : name}\u2069`;

const directions = { HIGH: "too high", LOW: "too low", NONE: "unusual" };

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}
const isolated = (name) => element("bdi", {}, name);
const $ = (id) => document.getElementById(id);
