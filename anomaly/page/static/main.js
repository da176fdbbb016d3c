// The page: what is looked at, and the parts that show it.

import { readAddress, writeAddress } from "./address.js";
import { makeAlertList } from "./alert-list.js";
import { makeChart } from "./chart.js";
import { carriedData, servedData } from "./data-source.js";
import { byId } from "./dom.js";
import { DAY, formatClock, formatEstimate, formatNumber, quoted } from "./format.js";
import { makeOverview } from "./overview.js";
import { showReadout } from "./readout.js";
import { showAbout, showHeading, showInsteadOfChart, showSummary, showTable, whyEmpty } from "./series-details.js";
import { makeSeriesPicker } from "./series-picker.js";
import { makeThemeButton } from "./theme.js";
import { makeTimeControls } from "./time-controls.js";
import { chosenSpan, newestSpan, spanAround, usualLength } from "./time-span.js";

const settings = JSON.parse(byId("settings").textContent);
const data = settings.carried ? carriedData(settings.carried) : servedData();

let overview = null, chart = null, rows = [], unansweredSince = null;
// A series, a time in it that is pointed at, and a span.
let view = { info: null, at: null, from: 0, to: 1, length: 24, follow: true };

const overviewPart = makeOverview(data.carried, jumpTo);
const alertList = makeAlertList(data, jumpTo);
const picker = makeSeriesPicker(data, (info) => look({ info, at: null, ...newestSpan(info, view.length ?? usualLength(info)) }));
const timeControls = makeTimeControls({
  chooseNewest: (length) => look({ at: null, ...newestSpan(view.info, length) }),
  choose: (from, to) => look({ at: view.at >= from && view.at < to ? view.at : null, ...chosenSpan(from, to) }),
  move(direction) {
    const span = direction * (view.to - view.from);
    look({ at: null, ...chosenSpan(view.from + span, view.to + span) }, "replace");
  },
});

// ---- What is looked at

// `how`: as `writeAddress` has it, or "none" where the address says it already.
async function look(change, how = "push") {
  view = { ...view, ...change };
  view.to = Math.max(view.to, view.from + 2 * view.info.period);
  if (how !== "none") writeAddress(view, overview.several_detectors, how);
  await show();
}
async function jumpTo(alert) {
  const info = await data.find(alert);
  if (!info) return;
  await look({ info, at: alert.start, ...spanAround(alert.start, info) });
  chart.focus();
  const hidden = byId("readout").getBoundingClientRect().top < 0 || byId("plot").getBoundingClientRect().bottom > innerHeight;
  if (hidden) byId("chart-heading").scrollIntoView({ block: "start" });
}
function zoom(factor, time) {
  if (factor === Infinity) return void look(newestSpan(view.info, "all"));
  const length = Math.min((view.to - view.from) * factor, Math.max(DAY, (overview.newest - overview.oldest) * 1.2));
  const middle = time ?? (view.from + view.to) / 2;
  look(chosenSpan(middle - length / 2, middle + length / 2), "replace");
}
async function viewOfAddress() {
  const wanted = readAddress();
  const named = wanted.id ? await data.find(wanted) : null;
  if (wanted.id && !named) {
    const where = data.carried ? `The series ${quoted(wanted.id)} is not on this page, which carries some series only.` : `There is no series ${quoted(wanted.id)}.`;
    overviewPart.addNotice(`${where} Shown instead: the one with the newest alert.`);
  }
  const info = named ?? (await data.search("")).series[0] ?? null;
  const times = wanted.id && !named ? {} : wanted;
  return info && { info, at: times.at ?? null, ...spanOf(times, info) };
}
function spanOf({ at = null, from = null, to = null, length = null }, info) {
  if (from !== null && to !== null && from < to) return chosenSpan(from, to);
  if (at !== null && length === null) return spanAround(at, info);
  return newestSpan(info, length ?? usualLength(info));
}

// ---- Showing it

let shows = 0;
async function show() {
  const turn = (shows += 1);
  const { info, from, to, at } = view;
  picker.show(info);
  timeControls.show(view);
  let found;
  try {
    found = await data.rows(info, from, to, chart.rowsWanted());
  } catch (error) {
    if (turn === shows) showInsteadOfChart(`The values cannot be read now: ${error.message}`);
    return;
  }
  if (turn !== shows) return;
  rows = found;
  const ifEmpty = whyEmpty(info, data.isWhole(info));
  showHeading(info, rows, overview.several_detectors);
  showInsteadOfChart(rows.length ? "" : ifEmpty);
  await chart.draw(info, rows, from, to, at);
  alertList.mark(info, at);
  await alertList.follow(info).catch(() => {});
  showSummary(view, rows, ifEmpty);
  showTable(view.info, rows);
  showAbout(view.info);
}

// ---- Keeping up with new data

async function refresh() {
  try {
    const now = await data.overview();
    const changed = now.version !== overview.version || unansweredSince !== null;
    unansweredSince = null;
    overviewPart.showAnswering(null);
    if (changed) await update(now);
  } catch {
    unansweredSince ??= Date.now();
    overviewPart.showAnswering(unansweredSince);
  }
}
async function update(now) {
  const before = overview.alerts[0];
  overview = now;
  showOverview();
  await alertList.reload();
  if (!view.info) return void (await begin());
  const info = (await data.find(view.info)) ?? view.info;
  const grown = info.last !== view.info.last;
  view.info = info;
  if (grown && (view.follow || view.to > info.last - info.period * 2)) {
    if (view.follow) view = { ...view, ...newestSpan(info, view.length) };
    await show();
  }
  const latest = overview.alerts[0];
  if (latest && (!before || latest.start > before.start)) {
    byId("announcer").textContent = `New alert: ${quoted(latest.label)}, ${formatNumber(latest.value)}, expected ${formatEstimate(latest.expected_value)}, ${formatClock(latest.start)} UTC`;
  }
}
function keepUp() {
  const wait = () => setTimeout(again, overview.days_read < overview.days ? 1000 : settings.refresh * 1000);
  const again = async () => {
    if (!document.hidden) await refresh();
    wait();
  };
  wait();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
}

// ---- Beginning

function showOverview() {
  overviewPart.show(overview);
  picker.tellApart(overview.several_detectors, overview.several_measures);
  alertList.tellApart(overview.several_detectors, overview.several_measures);
}
async function begin() {
  const wanted = await viewOfAddress();
  if (!wanted) return;
  chart ??= await makeChart(settings.chart, {
    look: (row, pointed) => showReadout(row, view.info, pointed),
    select: (from, to) => look(chosenSpan(from, to)),
    zoom,
  });
  await look(wanted, "none");
}
async function start() {
  makeThemeButton(() => chart?.repaint());
  byId("values").addEventListener("toggle", () => showTable(view.info, rows));
  addEventListener("popstate", async () => {
    const wanted = await viewOfAddress();
    if (wanted) await look(wanted, "none");
  });
  overview = await data.overview();
  showOverview();
  await alertList.reload();
  await begin();
  if (!data.carried) keepUp();
}
start().then(() => { document.documentElement.dataset.ready = "true"; }, (error) => {
  byId("status-heading").textContent = "The page cannot be shown";
  byId("status-text").textContent = String(error.message ?? error);
  document.documentElement.dataset.ready = "failed";
});
