// Where the data come from: carried by the page itself, or asked of the server that sent it. Both answer alike.

function carriedData(snapshot) {
  const series = snapshot.series;
  const same = (wanted) => (one) => one.info.id === wanted.id && (!wanted.detector || one.info.detector === wanted.detector);
  return {
    refreshes: false,
    written: snapshot.written,
    carried: series,
    async overview() {
      return snapshot.overview;
    },
    async search(text) {
      const words = text.toLowerCase().split(/\s+/).filter(Boolean);
      const found = series.map((one) => one.info).filter((info) => {
        const name = `${info.label} ${info.measure} ${info.detector}`.toLowerCase();
        return words.every((word) => name.includes(word) || (word.length > 5 && info.id.startsWith(word)));
      });
      return { series: found.slice(0, 50), total: found.length };
    },
    async find(wanted) {
      return series.find(same(wanted))?.info ?? null;
    },
    async alerts(wanted, skip) {
      const all = snapshot.overview.alerts;
      const found = wanted ? all.filter((alert) => alert.id === wanted.id && alert.detector === wanted.detector) : all;
      return { alerts: found.slice(skip, skip + 100), total: found.length };
    },
    async points(info, from, to, limit) {
      const one = series.find(same(info));
      one.rows ??= unpackPoints(one.points, info.period);
      return rowsBetween(one.rows, from, to, limit, info.period);
    },
    isWhole: (info) => series.find(same(info)).whole,
  };
}

function servedData() {
  const ask = async (path, parameters = {}) => {
    const wanted = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined);
    const query = new URLSearchParams(wanted);
    const answer = await fetch(`api/${path}?${query}`, { cache: "no-cache" });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `the server answered ${answer.status}`);
    return answer.json();
  };
  return {
    refreshes: true,
    overview: () => ask("overview"),
    search: (text) => ask("series", { q: text }),
    find: async (wanted) => (await ask("series", { detector: wanted.detector, id: wanted.id })).series[0] ?? null,
    alerts: (wanted, skip) => ask("alerts", { detector: wanted?.detector, id: wanted?.id, skip }),
    points: async (info, from, to, limit) =>
      unpackPoints(await ask("points", { detector: info.detector, id: info.id, from, to, rows: limit }), info.period),
    isWhole: () => true,
  };
}
