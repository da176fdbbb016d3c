// Where the data come from: carried by the page itself, or asked of the server that sent it. Both answer alike;
// `carried` says what the page in one file has and lacks, and is null where a server answers, which has everything.

import { rowsBetween, unpackRows } from "./chart-rows.js";

export function carriedData(content) {
  const same = (wanted) => (one) => one.info.id === wanted.id && (!wanted.detector || one.info.detector === wanted.detector);
  const found = (wanted) => content.series.find(same(wanted));
  return {
    carried: {
      written: content.written,
      start: content.start,
      end: content.end,
      wholeSeries: content.series.filter((one) => one.whole).length,
    },
    async overview() {
      return content.overview;
    },
    async search(text) {
      const words = text.toLowerCase().split(/\s+/).filter(Boolean);
      const series = content.series.map((one) => one.info).filter((info) => {
        const name = `${info.label} ${info.measure} ${info.detector}`.toLowerCase();
        return words.every((word) => name.includes(word) || (word.length > 5 && info.id.startsWith(word)));
      });
      return { series: series.slice(0, 50), total: series.length };
    },
    async find(wanted) {
      return found(wanted)?.info ?? null;
    },
    async alerts(wanted, skip) {
      const all = content.overview.alerts;
      const alerts = wanted ? all.filter((alert) => alert.id === wanted.id && alert.detector === wanted.detector) : all;
      return { alerts: alerts.slice(skip, skip + 100), total: alerts.length };
    },
    async rows(info, from, to, limit) {
      const one = found(info);
      one.rows ??= unpackRows(one.columns, info.period);
      return rowsBetween(one.rows, from, to, limit, info.period);
    },
    isWhole: (info) => found(info).whole,
  };
}

export function servedData() {
  const ask = async (path, parameters = {}) => {
    const wanted = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined);
    const query = new URLSearchParams(wanted);
    const answer = await fetch(`api/${path}?${query}`, { cache: "no-cache" });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `the server answered ${answer.status}`);
    return answer.json();
  };
  return {
    carried: null,
    overview: () => ask("overview"),
    search: (text) => ask("series", { q: text }),
    find: async (wanted) => (await ask("series", { detector: wanted.detector, id: wanted.id })).series[0] ?? null,
    alerts: (wanted, skip) => ask("alerts", { detector: wanted?.detector, id: wanted?.id, skip }),
    rows: async (info, from, to, limit) =>
      unpackRows(await ask("chart", { detector: info.detector, id: info.id, from, to, rows: limit }), info.period),
    isWhole: () => true,
  };
}
