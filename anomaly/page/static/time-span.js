// Which time of a series is looked at. A span has `from`, `to`, the `length` that was chosen (hours, "all", or null for
// two dates), and `follow`: whether its end moves with the newest data.

import { DAY, HOUR } from "./format.js";

export function newestSpan(info, length) {
  const end = info.last + info.period;
  const start = length === "all" ? info.first : end - length * HOUR;
  return { from: Math.max(start, info.first), to: end, length, follow: true };
}

export const chosenSpan = (from, to) => ({ from: Math.round(from), to: Math.round(to), length: null, follow: false });

export function spanAround(time, info) {
  const side = Math.max(3 * HOUR, 60 * info.period);
  return chosenSpan(time - side, time + side);
}

// A day of minutes; of longer periods so much that it still is a picture.
export function usualLength(info) {
  if (info.period * 100 <= DAY) return 24;
  return info.period * 100 <= 7 * DAY ? 168 : "all";
}
