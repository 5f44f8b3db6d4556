// Charts in the colours of the tokens: stacked bars, or lines; drawn again when the theme or the width changes.
// Their numbers stand in a script element of type application/json, and as text in the table beside them.
(() => {
  const plots = new Map();
  const css = (t) => getComputedStyle(document.documentElement).getPropertyValue(`--st-${t}`).trim();
  const fade = (hex, a) => hex + Math.round(a * 255).toString(16).padStart(2, "0");
  const brief = (n) => (n >= 1e6 ? `${+(n / 1e6).toFixed(1)}M` : n >= 1e4 ? `${+(n / 1e3).toFixed(1)}k` : n.toLocaleString("en"));
  const stacked = (rows) => { let below = []; return rows.map((v) => (below = v.map((n, i) => (n ?? 0) + (below[i] ?? 0)))); };
  // so many labels that none touches its neighbour
  const places = (u, n, longest) => { const step = Math.max(1, Math.ceil(n / Math.max(2, Math.floor(u.bbox.width / devicePixelRatio / (longest * 6.2 + 18))))); const found = []; for (let i = n - 1 - Math.floor(step / 3); i >= 0; i -= step) found.unshift(i); return found; };

  const draw = (el) => {
    plots.get(el)?.destroy(); plots.delete(el);
    if (!el.clientWidth) return;
    const d = JSON.parse(document.querySelector(el.dataset.src).textContent), bars = el.dataset.chart === "bars", n = d.labels.length;
    const longest = Math.max(...d.labels.map((l) => l.length));
    const shown = bars ? stacked(d.series.map((s) => s.v)) : d.series.map((s) => s.v);
    const order = d.series.map((_, i) => (bars ? d.series.length - 1 - i : i));
    const font = "11px Inter, system-ui, sans-serif", axis = { stroke: css("ink-3"), font, ticks: { show: false }, gap: 4 };
    const series = order.map((i) => {
      const s = d.series[i], colour = css(`${s.token}-solid`), few = s.v.filter((v) => v !== null).length < 3;
      return bars ? { fill: colour, stroke: colour, width: 0, paths: uPlot.paths.bars({ size: [0.66, 26], radius: 0.12 }), points: { show: false } }
        : { stroke: colour, width: s.fill ? 1.75 : 1.25, dash: s.token === "idle" ? [4, 4] : undefined, fill: s.fill ? fade(colour, 0.12) : undefined, points: { show: few, size: 5 } };
    });
    const edge = bars || n < 2 ? 0.6 : 0;
    plots.set(el, new uPlot({
      width: el.clientWidth, height: el.clientHeight, padding: [8, 12, 0, 0], legend: { show: false },
      cursor: { y: false, points: { show: false } },
      scales: { x: { time: false, range: [-edge, n - 1 + edge] }, y: { range: (_, lo, hi) => [Math.min(0, lo ?? 0), (hi > 0 ? hi : 1) * 1.08] } },
      axes: [{ ...axis, grid: { show: false }, size: 22, splits: (u) => places(u, n, longest), values: (_, v) => v.map((i) => d.labels[i] ?? "") },
        { ...axis, grid: { stroke: css("line"), width: 1 }, size: 44, incrs: el.dataset.whole === "yes" ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7] : undefined, values: (_, v) => v.map(brief) }],
      series: [{}, ...series],
      hooks: { setCursor: [(u) => tell(el, d, u)] },
    }, [d.labels.map((_, i) => i), ...order.map((i) => shown[i])], el));
  };
  const tell = (el, d, u) => {
    const told = el.parentElement.querySelector(".plot-told"), at = u.cursor.idx;
    if (!told) return;
    told.textContent = at === null || at === undefined || u.cursor.left < 0 ? "" : `${d.labels[at]}: ${d.series.map((s) => `${s.t[at]} ${s.name}`).join(", ")}`;
  };
  const all = () => document.querySelectorAll("[data-chart]").forEach(draw);
  document.fonts.ready.then(all);
  document.addEventListener("themechange", all);
  document.addEventListener("toggle", (e) => e.target.querySelectorAll?.("[data-chart]").forEach(draw), true);
  addEventListener("resize", all);
})();
