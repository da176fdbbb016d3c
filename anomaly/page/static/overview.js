// Everything but the chart: the status in a sentence, the three figures, how fresh the data are, and what to know of them.

import { byId, element, isolated } from "./dom.js";
import {
  MINUTE, counted, directionWords, formatClock, formatCount, formatDateAndClock, formatDayAndClock, formatDuration, formatEstimate,
  formatLongDay, formatNumber, formatScore, quoted
} from "./format.js";

const signs = { calm: "M5 12.5l4.5 4.5L19 7", alarm: "M12 5v9M12 18.5v.01", plain: "M6 12h.01M12 12h.01M18 12h.01" };

function showStatus(kind, heading, ...text) {
  byId("status").dataset.kind = kind;
  byId("sign").setAttribute("d", signs[kind]);
  byId("status-heading").textContent = heading;
  byId("status-text").replaceChildren(...text);
}

function showKpis({ kpis }) {
  const { series, data_points: dataPoints, confidence, lowest_confidence: lowest, learning } = kpis;
  const spread = confidence !== null && formatScore(lowest) !== formatScore(confidence) ? `; lowest ${formatScore(lowest)}` : "";
  const shown = [
    ["series", formatCount(series), learning ? `${formatCount(learning)} still learning` : "all past learning"],
    ["points", formatCount(dataPoints), "by the detectors, up to the newest result"],
    ["confidence", formatScore(confidence), `of 100, mean of all series${spread}`],
  ];
  for (const [name, figure, note] of shown) {
    byId(`kpi-${name}`).textContent = figure;
    byId(`kpi-${name}-note`).textContent = series ? note : "";
  }
  byId("workspace").hidden = !series;
  byId("empty").hidden = Boolean(series);
}

export function makeOverview(carried, jumpTo) {
  let overview = null, notice = "", unansweredSince = null;

  function status() {
    const { kpis, alerts: [latest] } = overview;
    if (!kpis.series && overview.days_read < overview.days) {
      return showStatus("plain", "Reading the results…", "The first figures are here in a moment.");
    }
    if (!kpis.series) {
      const next = carried ? "Build the page again when there are some." : "This page fills itself as soon as there are some.";
      return showStatus("plain", "No results yet", `Found none in ${overview.source}. ${next}`);
    }
    if (kpis.learning === kpis.series) {
      return showStatus("plain", "Learning", `${counted(kpis.series, "series", "series")} so far, none with scores yet: they begin when a series has been learned.`);
    }
    const ofLastDay = `${counted(overview.alerts_last_day, "alert")} in the last 24 hours`;
    if (!latest && overview.alerts_last_day) return showStatus("alarm", ofLastDay, "None in the time that this page is limited to.");
    if (!latest) return showStatus("calm", "All quiet", "No alert so far.");
    const button = element("button", { type: "button", class: "link" }, "Show it");
    button.addEventListener("click", () => jumpTo(latest));
    const told = [
      isolated(quoted(latest.label)),
      ` was ${directionWords[latest.direction]}, ${formatNumber(latest.value)} where ${formatEstimate(latest.expected_value)} was expected. `,
      button,
    ];
    if (overview.alerts_last_day) {
      const day = formatLongDay(latest.start).replace(/ \d{4}$/, "");
      return showStatus("alarm", ofLastDay, `Latest at ${formatClock(latest.start)} on ${day}: `, ...told);
    }
    const earlier = formatDuration(overview.newest - latest.start);
    return showStatus("calm", "All quiet for 24 hours", `Latest alert ${earlier} earlier, ${formatDayAndClock(latest.start)}: `, ...told);
  }

  function freshness() {
    const place = byId("freshness");
    const age = overview.newest === null ? 0 : Date.now() - overview.newest;
    const old = !carried && age > Math.max(15 * MINUTE, 3 * overview.shortest_period);
    place.classList.toggle("stale", old || unansweredSince !== null);
    if (unansweredSince !== null) {
      place.textContent = `No answer from the server since ${formatClock(unansweredSince)} UTC`;
      return;
    }
    const nothing = old ? `, nothing for ${formatDuration(age)}` : "";
    const reading = overview.days_read < overview.days ? ` · reading older days, ${overview.days_read} of ${overview.days}` : "";
    place.textContent = (overview.newest === null ? "" : `Data until ${formatDateAndClock(overview.newest)} UTC${nothing}`) + reading;
  }

  function notices() {
    const told = [...(notice ? [notice] : []), ...overview.problems.map((problem) => `Not read: ${problem}`)];
    if (carried) {
      const { kpis, alerts: listed, alert_count: all } = overview;
      const { wholeSeries: whole, start, end } = carried;
      if (whole < kpis.series) told.push(`This page carries ${formatCount(whole)} of ${counted(kpis.series, "series", "series")}; of others, what surrounds the alerts listed.`);
      if (listed.length < all) told.push(`It lists the newest ${formatCount(listed.length)} of ${counted(all, "alert")}.`);
      if (start !== null || end !== null) told.push(`Chart and alerts are limited to ${start === null ? "the beginning" : formatDateAndClock(start)} to ${end === null ? "the end" : formatDateAndClock(end)} UTC.`);
    }
    byId("notices").hidden = !told.length;
    byId("notices").replaceChildren(...told.map((text) => element("li", {}, text)));
  }

  return {
    show(now) {
      overview = now;
      document.title = byId("title").textContent = overview.title;
      showKpis(overview);
      notices();
      status();
      freshness();
      const written = carried ? `, page written ${formatDateAndClock(carried.written - (carried.written % MINUTE))} UTC` : "";
      byId("footer").textContent = `Times are UTC. Results from ${overview.source}${written}.`;
    },
    // Since when the server has not answered; null when it does.
    showAnswering(since) {
      unansweredSince = since;
      freshness();
    },
    addNotice(text) {
      notice = text;
      notices();
    },
  };
}
