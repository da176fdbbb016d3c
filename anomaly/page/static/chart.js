// The chart: drawn by Vega from the specification in the page; pointer, keys and screen readers meet a slider on top of it.

import { firstAt, learningTimes, valueAxis, withGaps } from "./chart-rows.js";
import { byId, element } from "./dom.js";
import { formatNumber } from "./format.js";
import { describeRow } from "./readout.js";

export async function makeChart(specification, on) {
  const plot = byId("plot"), slider = byId("cursor"), selection = byId("selection");
  // `ast` has expressions interpreted: nothing is evaluated as code, as the page's policy demands.
  const { view } = await window.vegaEmbed(byId("vega"), specification, {
    mode: "vega-lite", ast: true, actions: false, renderer: "svg", defaultStyle: false, tooltip: false, hover: false,
  });
  let rows = [], series = null, from = 0, to = 1, at = null, pressed = null;

  const inside = () => ({ left: view.origin()[0], width: view.signal("width") });
  // As many points as the eye can tell apart.
  const rowsWanted = () => Math.round(Math.min(2000, Math.max(240, inside().width * 1.6)));
  const timeAt = (event) => {
    const { left, width } = inside();
    const x = event.clientX - plot.getBoundingClientRect().left - left;
    return from + (Math.min(Math.max(x, 0), width) / width) * (to - from);
  };
  const nearest = (time) => {
    const i = firstAt(rows, time);
    return i > 0 && (i === rows.length || time - rows[i - 1].start < rows[i].start - time) ? i - 1 : i;
  };

  function showCursor(index) {
    const row = rows[index];
    view.data("cursor", row && row.value !== null ? [{ start: row.start, value: row.value }] : []);
    view.runAsync();
    slider.setAttribute("aria-valuenow", row ? index + 1 : 0);
    slider.setAttribute("aria-valuetext", row ? describeRow(row, series) : "no point chosen");
    on.look(row ?? rows.at(-1) ?? null, Boolean(row));
  }
  function choose(index) {
    at = rows[index]?.start ?? null;
    showCursor(at === null ? -1 : index);
  }

  function colours() {
    const probe = element("i", { hidden: true });
    document.body.append(probe);
    for (const name of ["ink", "muted", "grid", "measure", "band", "quiet", "alarm", "surface", "shade"]) {
      probe.style.color = `var(--${name})`;
      view.signal(name, getComputedStyle(probe).color);
    }
    probe.remove();
  }
  function size() {
    const box = plot.getBoundingClientRect();
    view.width(box.width).height(box.height).signal("narrow", box.width < 560);
  }
  colours();
  size();
  await view.runAsync();
  new ResizeObserver(() => { size(); view.runAsync(); }).observe(plot);

  slider.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const now = at === null ? rows.length : nearest(at);
    const alerts = rows.flatMap((row, i) => (row.alert ? [i] : []));
    const moves = {
      ArrowLeft: () => choose(Math.max(0, now - 1)),
      ArrowDown: () => choose(Math.max(0, now - 1)),
      ArrowRight: () => choose(Math.min(rows.length - 1, now + 1)),
      ArrowUp: () => choose(Math.min(rows.length - 1, now + 1)),
      Home: () => choose(0),
      End: () => choose(rows.length - 1),
      PageUp: () => choose(alerts.findLast((i) => i < now) ?? now),
      PageDown: () => choose(alerts.find((i) => i > now) ?? now),
      "+": () => on.zoom(0.5, at),
      "=": () => on.zoom(0.5, at),
      "-": () => on.zoom(2, at),
      Escape: () => on.zoom(Infinity, at),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    if (rows.length || event.key.length === 1 || event.key === "Escape") moves[event.key]();
  });
  slider.addEventListener("pointerdown", (event) => {
    if (event.button === 0) pressed = { x: event.clientX, time: timeAt(event), zooming: false };
  });
  slider.addEventListener("pointermove", (event) => {
    if (pressed && event.pointerType === "mouse" && Math.abs(event.clientX - pressed.x) > 6) {
      if (!pressed.zooming) slider.setPointerCapture(event.pointerId);
      pressed.zooming = true;
    }
    if (!pressed?.zooming) return void (rows.length && showCursor(nearest(timeAt(event))));
    const { left, width } = inside();
    const [start, end] = [pressed.time, timeAt(event)].sort((a, b) => a - b).map((time) => left + ((time - from) / (to - from)) * width);
    selection.style.left = `${start}px`;
    selection.style.width = `${end - start}px`;
    selection.hidden = false;
  });
  slider.addEventListener("pointerup", (event) => {
    const start = pressed;
    pressed = null;
    selection.hidden = true;
    if (start?.zooming) on.select(...[start.time, timeAt(event)].sort((a, b) => a - b));
    else if (start && rows.length) choose(nearest(timeAt(event)));
  });
  slider.addEventListener("pointercancel", () => { pressed = null; selection.hidden = true; });
  slider.addEventListener("pointerleave", () => {
    if (!pressed) showCursor(at === null || !rows.length ? -1 : nearest(at));
  });

  return {
    async draw(info, found, start, end, time) {
      [series, rows, from, to] = [info, found, start, end];
      at = time !== null && time >= start && time < end ? time : null;
      const [bottom, top] = valueAxis(rows);
      const across = (inside().width * (rows.length > 1 ? rows[1].start - rows[0].start : info.period)) / (end - start);
      view.signal("from_time", start).signal("to_time", end).signal("bottom", bottom).signal("top", top);
      view.signal("bar_width", Math.min(6, Math.max(1.5, across * 0.7)));
      view.signal("line_width", across < 1 ? 0.9 : 1.6);
      view.data("rows", withGaps(rows, info.period));
      view.data("score_bars", rows.filter((row) => row.score > 0).map((row) => ({ start: row.start, score: row.score, over_threshold: row.score > info.threshold })));
      view.data("alerts", rows.filter((row) => row.alert).map((row) => ({ start: row.start, value: row.value, direction: row.value < row.expected_value ? "LOW" : "HIGH" })));
      view.data("learning", learningTimes(rows));
      view.data("threshold", [{ score: info.threshold, label: `threshold ${formatNumber(info.threshold)}` }]);
      slider.setAttribute("aria-valuemin", 0);
      slider.setAttribute("aria-valuemax", rows.length);
      showCursor(at === null || !rows.length ? -1 : nearest(at));
      await view.runAsync();
    },
    rowsWanted,
    focus: () => slider.focus({ preventScroll: true }),
    repaint() {
      colours();
      view.runAsync();
    },
  };
}
