// The list of alerts, newest first; choosing one jumps to the chart.

import { byId, element, isolated } from "./dom.js";
import {
  directionWords, formatBand, formatClock, formatCount, formatEstimate, formatLocalTime, formatLongDay, formatNumber, formatScore,
  isoTime
} from "./format.js";

export function makeAlertList(data, choose) {
  const list = byId("alerts-list"), only = byId("only"), more = byId("more"), heading = byId("alerts-heading");
  let shown = [], total = 0, series = null, current = null, several = { detectors: false, measures: false }, asked = 0;

  const key = (alert) => `${alert.detector} ${alert.id} ${alert.start}`;

  function item(alert) {
    const context = [several.detectors && alert.detector, several.measures && alert.label !== alert.measure && alert.measure].filter(Boolean);
    const button = element(
      "button", { type: "button", class: "alert", "data-key": key(alert), title: formatLocalTime(alert.start) },
      element("i", { class: alert.direction.toLowerCase(), "aria-hidden": "true" }),
      element("bdi", { class: "who" }, alert.label),
      element("span", { class: "when" }, formatClock(alert.start)),
      element(
        "span", { class: "what" },
        element("span", {},
          element("b", {}, formatNumber(alert.value)), ` expected ${formatEstimate(alert.expected_value)} (${formatBand(alert.lower_bound, alert.upper_bound)})`,
          element("span", { class: "hidden" }, `, ${directionWords[alert.direction] ?? ""}`)),
        element("span", {}, `score ${formatScore(alert.score)}`),
      ),
    );
    if (alert.reason) button.append(element("span", { class: "what" }, isolated(alert.reason)));
    if (context.length) button.querySelector(".what").before(element("span", { class: "what" }, isolated(context.join(" · "))));
    button.addEventListener("click", () => choose(alert));
    return element("li", {}, button);
  }

  function render() {
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const parts = [];
    let day = null;
    for (const alert of shown) {
      const of = isoTime(alert.start).slice(0, 10);
      if (of !== day) parts.push(element("h3", {}, formatLongDay(alert.start)), element("ol", {}));
      day = of;
      parts.at(-1).append(item(alert));
    }
    if (!shown.length) {
      parts.push(element("p", {}, only.checked ? "None of this series." : "None so far. Whatever deserves attention will be listed here."));
    }
    list.replaceChildren(...parts);
    heading.textContent = total ? `Alerts (${formatCount(total)})` : "Alerts";
    more.hidden = shown.length >= total;
    mark();
    if (focused) [...list.querySelectorAll("button")].find((button) => button.dataset.key === focused)?.focus();
  }
  function mark() {
    for (const button of list.querySelectorAll("button")) {
      if (button.dataset.key === current) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }
  async function load(keep) {
    const question = (asked += 1);
    const answer = await data.alerts(only.checked ? series : null, keep);
    if (question !== asked) return;
    shown = [...shown.slice(0, keep), ...answer.alerts];
    total = answer.total;
    render();
  }
  only.addEventListener("change", () => load(0).catch(() => {}));
  more.addEventListener("click", async () => {
    const next = shown.length;
    await load(next).catch(() => {});
    list.querySelectorAll("button")[next]?.focus();
  });

  return {
    reload: () => load(0),
    tellApart(detectors, measures) {
      several = { detectors, measures };
    },
    async follow(info) {
      const changed = series?.id !== info?.id || series?.detector !== info?.detector;
      series = info;
      if (changed && only.checked) await load(0);
    },
    mark(info, time) {
      current = info && time !== null ? key({ ...info, start: time }) : null;
      mark();
      const chosen = list.querySelector("[aria-current]");
      // Only inside the list: the page must not jump.
      if (chosen && (chosen.offsetTop < list.scrollTop || chosen.offsetTop + chosen.offsetHeight > list.scrollTop + list.clientHeight)) {
        list.scrollTop = chosen.offsetTop - 60;
      }
    },
  };
}
