// The page: what is looked at, kept in the address; and the parts that show it.

const settings = JSON.parse($("settings").textContent);
const data = settings.snapshot ? carriedData(settings.snapshot) : servedData();

let overview = null, chart = null, rows = [], lost = null;
// `length` is the preset in force (hours, "all", or null for a chosen time); `follow`: the end moves with the newest data.
let state = { info: null, from: 0, to: 1, at: null, length: 24, follow: true };

const picker = makePicker(data, (info) => look({ info, at: null, ...lastOf(info, state.length ?? usual(info)) }));
const alerts = makeAlerts(data, (alert) => jumpTo(alert, alert.t));

// ---- Times

function lastOf(info, length) {
  const end = info.last + info.period;
  const start = length === "all" ? info.first : end - length * HOUR;
  return { from: Math.max(start, info.first), to: end, length, follow: true };
}
function around(time, info) {
  const side = Math.max(3 * HOUR, 60 * info.period);
  return { from: time - side, to: time + side, length: null, follow: false };
}
// A day of minutes; of longer periods so much that it still is a picture.
function usual(info) {
  if (info.period * 100 <= DAY) return 24;
  return info.period * 100 <= 7 * DAY ? 168 : "all";
}

// ---- What is looked at

async function look(change, how = "push") {
  state = { ...state, ...change };
  const shortest = 2 * state.info.period;
  if (state.to - state.from < shortest) state.to = state.from + shortest;
  if (how !== "none") remember(how);
  await show();
}
function remember(how) {
  const parts = new URLSearchParams({ series: state.info.id });
  if (overview.several_detectors) parts.set("detector", state.info.detector);
  if (state.at !== null) parts.set("at", iso(state.at).replace(".000", ""));
  if (state.follow) {
    if (state.length !== usual(state.info)) parts.set("last", state.length === "all" ? "all" : `${state.length}h`);
  } else if (state.at === null || state.from !== around(state.at, state.info).from || state.to !== around(state.at, state.info).to) {
    parts.set("from", iso(state.from).replace(".000", ""));
    parts.set("to", iso(state.to).replace(".000", ""));
  }
  const address = `#${parts.toString().replaceAll("%3A", ":")}`;
  if (address !== location.hash) history[how === "push" ? "pushState" : "replaceState"](null, "", address);
}
async function fromAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const time = (name) => {
    const value = Date.parse(parts.get(name) ?? "");
    return Number.isFinite(value) ? value : null;
  };
  const id = parts.get("series");
  const named = id ? await data.find({ id, detector: parts.get("detector") }) : null;
  const info = named ?? (id ? null : (await data.search("")).series[0] ?? null);
  if (!info) return id ? missing(id) : null;
  const [at, from, to] = [time("at"), time("from"), time("to")];
  const length = { "1h": 1, "6h": 6, "24h": 24, "168h": 168, all: "all" }[parts.get("last")] ?? null;
  let times = lastOf(info, length ?? usual(info));
  if (from !== null && to !== null && from < to) times = { from, to, length: null, follow: false };
  else if (at !== null && length === null) times = around(at, info);
  return { info, at, ...times };
}
async function missing(id) {
  const first = (await data.search("")).series[0] ?? null;
  notice(settings.snapshot
    ? `The series ${quoted(id)} is not on this page, which carries some series only. Shown instead: the one with the newest alert.`
    : `There is no series ${quoted(id)}. Shown instead: the one with the newest alert.`);
  return first && { info: first, at: null, ...lastOf(first, usual(first)) };
}
async function jumpTo(series, time) {
  const info = await data.find(series);
  if (!info) return;
  await look({ info, at: time, ...around(time, info) });
  chart.focus();
  const hidden = $("readout").getBoundingClientRect().top < 0 || $("plot").getBoundingClientRect().bottom > innerHeight;
  if (hidden) $("chart-heading").scrollIntoView({ block: "start" });
}
function zoom(factor, time) {
  if (factor === Infinity) return void look({ at: state.at, ...lastOf(state.info, "all") });
  const span = Math.min((state.to - state.from) * factor, Math.max(DAY, (overview.newest - overview.oldest) * 1.2));
  const middle = time ?? (state.from + state.to) / 2;
  look({ from: Math.round(middle - span / 2), to: Math.round(middle + span / 2), length: null, follow: false }, "replace");
}
function move(direction) {
  const span = state.to - state.from;
  look({ from: state.from + direction * span, to: state.to + direction * span, at: null, length: null, follow: false }, "replace");
}

// ---- Showing it

let shows = 0;
async function show() {
  const turn = (shows += 1);
  const { info, from, to, at } = state;
  picker.show(info);
  showRange();
  let found;
  try {
    found = await data.points(info, from, to, chart.rowsWanted());
  } catch (error) {
    if (turn === shows) blank(`The values cannot be read now: ${error.message}`);
    return;
  }
  if (turn !== shows) return;
  rows = found;
  $("chart-heading").replaceChildren(isolated(info.label));
  $("chart-heading").title = info.label;
  const step = rows.some((row) => row.n > 1 && !row.alert) ? ", several periods a point" : "";
  $("chart-subtitle").textContent = `${info.measure === info.label ? "value" : info.measure} ${period(info.period)}${step}, UTC${overview.several_detectors ? ` · ${info.detector}` : ""}`;
  $("legend-measure").textContent = info.measure === "*" ? "Count" : info.measure;
  $("legend-threshold").textContent = `Threshold ${number(info.threshold)}`;
  $("legend-learning").hidden = !rows.some((row) => row.learning);
  blank(rows.length ? "" : emptyText(info));
  await chart.draw(info, rows, from, to, at);
  alerts.mark(info, at);
  await alerts.follow(info).catch(() => {});
  summarise();
  showTable();
  showAbout();
}
function emptyText(info) {
  if (!data.isWhole(info)) return "This page carries of this series only what surrounds its alerts.";
  return `No results of this series in this time. It has some from ${dateAndClock(info.first)} to ${dateAndClock(info.last)}.`;
}
function blank(text) {
  $("blank").hidden = !text;
  $("blank").textContent = text;
}
function showRange() {
  if (document.activeElement !== $("from")) $("from").value = toField(state.from);
  if (document.activeElement !== $("to")) $("to").value = toField(state.to);
  for (const id of ["from", "to"]) $(id).removeAttribute("aria-invalid");
  for (const button of $("presets").children) {
    button.setAttribute("aria-pressed", String(state.follow && button.dataset.hours === String(state.length)));
  }
  $("earlier").disabled = state.from <= state.info.first;
  $("later").disabled = state.to > state.info.last;
}
function readout(row, pointed) {
  const parts = [];
  if (row) {
    const when = element("span", { title: localTime(row.t) }, pointed ? rowTime(row, state.info) : `Last shown: ${rowTime(row, state.info)}`);
    const what = row.n === 1 ? number(row.value) : `${number(row.low)}–${number(row.high)}`;
    parts.push(element("b", {}, what), when);
    if (row.expected !== null) parts.push(element("span", {}, `expected ${estimate(row.expected)} (${range(row.lower, row.upper)})`));
    const over = row.score > state.info.threshold;
    parts.push(element("span", { class: over ? "hot" : null }, row.learning ? "learning, no score yet" : `score ${score(row.score)}`));
    if (row.alert) parts.push(element("span", { class: "hot" }, "alert"));
    if (row.imputed) parts.push(element("span", {}, "filled in, not measured"));
  }
  $("readout").replaceChildren(...parts);
}
function summarise() {
  const { info, from, to } = state;
  if (!rows.length) return void ($("summary").textContent = emptyText(info));
  const [low, high] = [Math.min(...rows.map((row) => row.low)), Math.max(...rows.map((row) => row.high))];
  const hits = rows.filter((row) => row.alert);
  const told = hits.length
    ? `${plural(hits.length, "alert")}, the last ${dayAndClock(hits.at(-1).t)} with ${number(hits.at(-1).value)}, expected ${estimate(hits.at(-1).expected)}, score ${score(hits.at(-1).score)}`
    : "no alert";
  $("summary").textContent = `${quoted(info.label)} from ${dateAndClock(from)} to ${dateAndClock(to)} UTC: between ${number(low)} and ${number(high)}; ${told}.`;
}
function showTable() {
  const details = $("values");
  details.querySelector("summary").textContent = `Values as a table (${plural(rows.length, "row")})`;
  if (!details.open) return void $("values-body").replaceChildren();
  $("values-caption").textContent = `${quoted(state.info.label)}, ${state.info.measure}. In a row of several periods, Value is the mean.`;
  const cell = (value, text) => element("td", {}, element("data", { value: String(value ?? "") }, text));
  $("values-body").replaceChildren(...rows.map((row) => {
    const notes = [row.alert && "alert", row.learning && "learning", row.imputed && "filled in", row.n > 1 && `${row.n} periods, ${number(row.low)} to ${number(row.high)}`];
    return element("tr", {},
      element("td", {}, element("time", { datetime: iso(row.t) }, tableTime(row.t))),
      cell(row.value, number(row.value)), cell(row.expected, number(row.expected)),
      element("td", {}, range(row.lower, row.upper)), cell(row.learning ? null : row.score, row.learning ? "–" : score(row.score)),
      element("td", {}, notes.filter(Boolean).join(", ")));
  }));
}
function showAbout() {
  const info = state.info;
  const entries = [
    ...info.dimensions,
    ["Measure", info.measure], ["Detector", info.detector], ["Number of Datapoints Processed", count(info.processed)],
    ["Anomaly Confidence Score", score(info.confidence)], ["Stage", info.stage], ["Threshold", number(info.threshold)],
    ["First result", `${dateAndClock(info.first)} UTC`], ["Newest result", `${dateAndClock(info.last)} UTC`], ["Identifier", info.id],
  ];
  $("about-list").replaceChildren(...entries.flatMap(([name, value]) => [
    element("dt", {}, isolated(name)), element("dd", {}, isolated(value)),
  ]));
}

// ---- Everything but the chart

function showOverview() {
  const { kpis } = overview;
  document.title = $("title").textContent = overview.title;
  $("kpi-series").textContent = count(kpis.series);
  $("kpi-points").textContent = count(kpis.points);
  $("kpi-confidence").textContent = kpis.confidence === null ? "–" : score(kpis.confidence);
  $("kpi-series-note").textContent = kpis.learning ? `${count(kpis.learning)} still learning` : "all past learning";
  $("kpi-points-note").textContent = "by the detectors, up to the newest result";
  const spread = kpis.confidence !== null && score(kpis.lowest_confidence) !== score(kpis.confidence);
  $("kpi-confidence-note").textContent = `of 100, mean of all series${spread ? `; lowest ${score(kpis.lowest_confidence)}` : ""}`;
  if (!kpis.series) for (const id of ["kpi-series-note", "kpi-points-note", "kpi-confidence-note"]) $(id).textContent = "";
  $("workspace").hidden = !kpis.series;
  $("empty").hidden = Boolean(kpis.series);
  picker.tellApart(overview.several_detectors, overview.several_measures);
  alerts.tellApart(overview.several_detectors, overview.several_measures);
  showNotices();
  showStatus();
  showFreshness();
  $("footer").textContent = `Times are UTC. Results from ${overview.source}${settings.snapshot ? `, page written ${dateAndClock(data.written - (data.written % MINUTE))} UTC` : ""}.`;
}
function showStatus() {
  const { kpis, alerts: newest } = overview;
  const sign = { calm: "M5 12.5l4.5 4.5L19 7", alarm: "M12 5v9M12 18.5v.01", plain: "M6 12h.01M12 12h.01M18 12h.01" };
  const say = (kind, heading, ...text) => {
    $("status").dataset.kind = kind;
    $("sign").setAttribute("d", sign[kind]);
    $("status-heading").textContent = heading;
    $("status-text").replaceChildren(...text);
  };
  if (!kpis.series && overview.days_read < overview.days) return say("plain", "Reading the results…", "The first figures are here in a moment.");
  if (!kpis.series) {
    const next = data.refreshes ? "This page fills itself as soon as there are some." : "Build the page again when there are some.";
    return say("plain", "No results yet", `Found none in ${overview.source}. ${next}`);
  }
  const latest = newest[0];
  if (kpis.learning === kpis.series) {
    return say("plain", "Learning", `${plural(kpis.series, "series", "series")} so far, none with scores yet: they begin when a series has been learned.`);
  }
  const show = () => {
    const button = element("button", { type: "button", class: "link" }, "Show it");
    button.addEventListener("click", () => jumpTo(latest, latest.t));
    return button;
  };
  const told = latest ? [isolated(quoted(latest.label)), ` was ${directions[latest.direction]}, ${number(latest.value)} where ${estimate(latest.expected)} was expected. `, show()] : [];
  if (overview.alerts_last_day) {
    say("alarm", `${plural(overview.alerts_last_day, "alert")} in the last 24 hours`, `Latest at ${clock(latest.t)} on ${longDay(latest.t).replace(/ \d{4}$/, "")}: `, ...told);
  } else if (latest) {
    say("calm", "All quiet for 24 hours", `Latest alert ${duration(overview.newest - latest.t)} earlier, ${dayAndClock(latest.t)}: `, ...told);
  } else say("calm", "All quiet", "No alert so far.");
}
function showFreshness() {
  const place = $("freshness");
  if (lost !== null) {
    place.textContent = `No answer from the server since ${clock(lost)} UTC`;
    place.classList.add("stale");
    return;
  }
  const age = overview.newest === null ? 0 : Date.now() - overview.newest;
  const stale = data.refreshes && age > Math.max(15 * MINUTE, 3 * overview.shortest_period);
  place.classList.toggle("stale", stale);
  place.textContent = overview.newest === null ? "" : `Data until ${dateAndClock(overview.newest)} UTC${stale ? `, nothing for ${duration(age)}` : ""}`;
  if (overview.days_read < overview.days) place.textContent += ` · reading older days, ${overview.days_read} of ${overview.days}`;
}
let noted = "";
function notice(text) {
  noted = text;
  showNotices();
}
function showNotices() {
  const told = [...(noted ? [noted] : []), ...overview.problems.map((problem) => `Not read: ${problem}`)];
  if (settings.snapshot) {
    const { kpis, alerts: listed, alert_count: all } = overview;
    const whole = settings.snapshot.series.filter((one) => one.whole).length;
    if (whole < kpis.series) told.push(`This page carries ${count(whole)} of ${plural(kpis.series, "series", "series")}; of others, what surrounds the alerts listed.`);
    if (listed.length < all) told.push(`It lists the newest ${count(listed.length)} of ${plural(all, "alert")}.`);
    const { start, end } = settings.snapshot;
    if (start !== null || end !== null) told.push(`Chart and alerts are limited to ${start === null ? "the beginning" : dateAndClock(start)} to ${end === null ? "the end" : dateAndClock(end)} UTC.`);
  }
  $("notices").hidden = !told.length;
  $("notices").replaceChildren(...told.map((text) => element("li", {}, text)));
}

// ---- Controls

$("presets").addEventListener("click", (event) => {
  const hours = event.target.dataset.hours;
  if (!hours) return;
  look({ at: null, ...lastOf(state.info, hours === "all" ? "all" : Number(hours)) });
});
$("earlier").addEventListener("click", () => move(-1));
$("later").addEventListener("click", () => move(1));
for (const id of ["from", "to"]) {
  $(id).addEventListener("change", () => {
    const [from, to] = [fromField($("from").value), fromField($("to").value)];
    const good = from < to;
    for (const field of ["from", "to"]) $(field).setAttribute("aria-invalid", String(!good));
    if (good) look({ from, to, at: state.at >= from && state.at < to ? state.at : null, length: null, follow: false });
  });
}
$("values").addEventListener("toggle", showTable);
addEventListener("popstate", async () => {
  const wanted = await fromAddress();
  if (wanted) await look(wanted, "none");
});

const themes = { auto: "Light or dark: automatic", light: "Light", dark: "Dark" };
function showTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme;
  $("theme").textContent = { auto: "◐ Auto", light: "○ Light", dark: "● Dark" }[theme];
  $("theme").setAttribute("aria-label", themes[theme]);
  $("theme").dataset.now = theme;
  chart?.repaint();
}
$("theme").addEventListener("click", () => {
  const names = Object.keys(themes);
  const next = names[(names.indexOf($("theme").dataset.now) + 1) % names.length];
  try { localStorage.setItem("theme", next); } catch { /* storage may be forbidden; the choice then lasts as long as the page */ }
  showTheme(next);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart?.repaint());

// On a phone the dates come after the chart, which would be out of sight otherwise.
const phone = matchMedia("(max-width: 40rem)");
const placeDates = () => $(phone.matches ? "legend" : "presets").after($("moves"));
phone.addEventListener("change", placeDates);
placeDates();

// ---- Keeping up with new data

async function refresh() {
  try {
    const now = await data.overview();
    const recovered = lost !== null;
    lost = null;
    if (now.version === overview.version && !recovered) return void showFreshness();
    await update(now);
  } catch {
    lost ??= Date.now();
    showFreshness();
  }
}
async function update(now) {
  const before = overview.alerts[0];
  overview = now;
  showOverview();
  await alerts.reload();
  if (!state.info) return void (await begin());
  const info = (await data.find(state.info)) ?? state.info;
  const grown = info.last !== state.info.last;
  state.info = info;
  if (grown && (state.follow || state.to > info.last - info.period * 2)) {
    if (state.follow) state = { ...state, ...lastOf(info, state.length) };
    await show();
  }
  const latest = overview.alerts[0];
  if (latest && (!before || latest.t > before.t)) {
    $("announcer").textContent = `New alert: ${quoted(latest.label)}, ${number(latest.value)}, expected ${estimate(latest.expected)}, ${clock(latest.t)} UTC`;
  }
}
function keepUp() {
  const again = async () => {
    if (!document.hidden) await refresh();
    setTimeout(again, overview.days_read < overview.days ? 1000 : settings.refresh * 1000);
  };
  setTimeout(again, overview.days_read < overview.days ? 1000 : settings.refresh * 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
}

async function begin() {
  const wanted = await fromAddress();
  if (!wanted) return;
  chart ??= await makeChart(settings.chart, { look: readout, zoom, select: (from, to) => look({ from: Math.round(from), to: Math.round(to), length: null, follow: false }) });
  await look(wanted, "none");
}
async function start() {
  let theme = "auto";
  try { theme = localStorage.getItem("theme") ?? "auto"; } catch { /* as above */ }
  showTheme(theme in themes ? theme : "auto");
  overview = await data.overview();
  showOverview();
  await alerts.reload();
  await begin();
  if (data.refreshes) keepUp();
}
start().then(() => { document.documentElement.dataset.ready = "true"; }, (error) => {
  $("status-heading").textContent = "The page cannot be shown";
  $("status-text").textContent = String(error.message ?? error);
  document.documentElement.dataset.ready = "failed";
});
