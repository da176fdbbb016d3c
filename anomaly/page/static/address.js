// What is looked at, in the part of the address behind `#`, so that links and the back button lead to it.

import { isoTime } from "./format.js";
import { spanAround, usualLength } from "./time-span.js";

const lengths = { "1h": 1, "6h": 6, "24h": 24, "168h": 168, all: "all" };
const wholeSeconds = (time) => isoTime(time).replace(".000", "");

// `how`: "push" makes a step that the back button undoes, "replace" does not.
export function writeAddress(view, severalDetectors, how) {
  const parts = new URLSearchParams({ series: view.info.id });
  if (severalDetectors) parts.set("detector", view.info.detector);
  if (view.at !== null) parts.set("at", wholeSeconds(view.at));
  const around = view.at === null ? null : spanAround(view.at, view.info);
  if (view.follow) {
    if (view.length !== usualLength(view.info)) parts.set("last", view.length === "all" ? "all" : `${view.length}h`);
  } else if (view.from !== around?.from || view.to !== around.to) {
    parts.set("from", wholeSeconds(view.from));
    parts.set("to", wholeSeconds(view.to));
  }
  const address = `#${parts.toString().replaceAll("%3A", ":")}`;
  if (address !== location.hash) history[how === "push" ? "pushState" : "replaceState"](null, "", address);
}

// What the address has no word of, or none that makes sense, is null.
export function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const time = (name) => {
    const value = Date.parse(parts.get(name) ?? "");
    return Number.isFinite(value) ? value : null;
  };
  return {
    id: parts.get("series") || null,
    detector: parts.get("detector"),
    at: time("at"),
    from: time("from"),
    to: time("to"),
    length: lengths[parts.get("last")] ?? null,
  };
}
