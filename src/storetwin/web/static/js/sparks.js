// Two lines that grow while one looks: records per second, and how long the store takes to answer.
(() => {
  const MOST = 240, plots = new Map(), series = { at: [], rate: [], answer: [] };
  const css = (t) => getComputedStyle(document.documentElement).getPropertyValue(`--st-${t}`).trim();
  const fade = (hex, a) => hex + Math.round(a * 255).toString(16).padStart(2, "0");
  const number = (s) => (s === "" || s === undefined ? null : Number(s));
  let before = null;

  const draw = (el) => {
    plots.get(el)?.destroy();
    const font = "11px Inter, system-ui, sans-serif", line = css(`${el.dataset.token}-solid`);
    const axis = { stroke: css("ink-3"), font, grid: { stroke: css("line"), width: 1 }, ticks: { show: false }, size: 36, values: (_, v) => v.map((n) => (n >= 1000 ? n / 1000 + "k" : n)), splits: (u) => { const top = u.scales.y.max; return [0, top / 2, top].map((n) => Math.round(n)); } };
    const values = series[el.dataset.spark];
    plots.set(el, new uPlot({
      width: el.clientWidth, height: el.clientHeight, padding: [9, 4, 7, 0], cursor: { show: false }, legend: { show: false },
      scales: { x: { time: false }, y: { range: (_, lo, hi) => [0, Math.max(10, (hi || 0) * 1.1)] } },
      axes: [{ show: false }, axis],
      series: [{}, { stroke: line, width: 1.5, fill: el.dataset.token === "info" ? fade(line, 0.12) : undefined, points: { show: series.at.length < 3 }, spanGaps: true }],
    }, [series.at, values], el));
  };
  const all = () => document.querySelectorAll("[data-spark]").forEach(draw);
  const put = (id, value) => { const el = document.getElementById(id); if (el && value !== null) el.textContent = Math.round(value).toLocaleString("en"); };

  const sample = (el) => {
    const now = { at: number(el.dataset.at), records: number(el.dataset.records), requests: number(el.dataset.requests), average: number(el.dataset.average) };
    if (before && now.at > before.at && el.dataset.live === "yes") {
      const seconds = now.at - before.at, asked = now.requests - before.requests;
      const rate = Math.max(0, (now.records - before.records) / seconds);
      const answer = asked > 0 && now.average !== null ? Math.max(0, (now.average * now.requests - (before.average || 0) * before.requests) / asked) : null;
      series.at.push(now.at); series.rate.push(rate); series.answer.push(answer);
      while (series.at.length > MOST || now.at - series.at[0] > 120) Object.values(series).forEach((s) => s.shift());
      put("rate-v", rate); put("answer-v", answer);
      document.querySelectorAll("[data-spark]").forEach((one) => { plots.has(one) ? plots.get(one).setData([series.at, series[one.dataset.spark]]) : draw(one); });
    }
    before = now;
  };
  document.fonts.ready.then(() => { const el = document.getElementById("run_sample"); if (el) { sample(el); all(); } });
  document.addEventListener("live:patched", (e) => { if (e.target.id === "run_sample") sample(e.target); });
  document.addEventListener("themechange", all);
  let t; addEventListener("resize", () => { clearTimeout(t); t = setTimeout(all, 120); });
})();
