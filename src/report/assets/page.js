"use strict";
// Wires the page: one state, and every chart drawn from it.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const state = {
  hidden: new Set(data.strategies.map((s, i) => i).filter((i) => !data.shown.includes(i))),
  perSeed: false,
  bands: data.seeds.length > 1,
  log: true,
  metric: "accuracy",
  eceStage: "ece_before",
};

const metrics = {
  accuracy: { label: "accuracy (%)", scale: 100, digits: 2 },
  balanced_accuracy: { label: "balanced accuracy (%)", scale: 100, digits: 2 },
  macro_f1: { label: "macro F1 (%)", scale: 100, digits: 2 },
  nll: { label: "negative log-likelihood (nats)", scale: 1, digits: 4 },
  ece_before: { label: "calibration error before (%)", scale: 100, digits: 2 },
  ece_after: { label: "calibration error after (%)", scale: 100, digits: 2 },
  temperature: { label: "temperature", scale: 1, digits: 3 },
  redundancy: { label: "near twin in the batch (%)", scale: 100, digits: 2 },
  redundancy_labeled: { label: "near twin among earlier labels (%)", scale: 100, digits: 2 },
  drift: { label: "drift", scale: 1, digits: 4 },
};

const axis = data.budgets.map((b) => ({ position: b.labels, top: b.percent, bottom: b.labels.toLocaleString("en-US") }));

function seriesOf(name, transform) {
  return data.strategies
    .map((strategy, s) => ({ ...strategy, color: `var(--s${s})`, seeds: data.metrics[name][s].map((values, b) => values.map((v, seed) => (isNumber(v) ? transform(v, b, seed) : null))) }))
    .filter((_, s) => !state.hidden.has(s));
}

function drawMetric(id, name, options = {}) {
  const figure = byId(id);
  if (!figure) return;
  const { label, scale, digits } = metrics[name];
  lineChart(figure, {
    x: axis, y: label, series: seriesOf(name, (v) => v * scale), log: state.log, bands: state.bands, perSeed: state.perSeed,
    format: (v) => v.toFixed(digits), ...options,
  });
}

function drawCurves() {
  const { label, scale, digits } = metrics[state.metric];
  byId("curve-title").textContent = `Test set: ${label}`;
  const reference = state.metric === "accuracy" && isNumber(data.full_accuracy)
    ? { value: 100 * data.full_accuracy, label: `all labels: ${(100 * data.full_accuracy).toFixed(1)} %` } : undefined;
  drawMetric("curves", state.metric, { reference });
  if (data.random === null || !byId("gains-chart")) return;
  const baseline = data.metrics[state.metric][data.random];
  const series = seriesOf(state.metric, (v, b, seed) => (isNumber(baseline[b][seed]) ? (v - baseline[b][seed]) * scale : null)).filter((s) => !s.baseline);
  lineChart(byId("gains-chart"), {
    x: axis, y: scale === 100 ? "difference (percentage points)" : "difference", series, log: state.log, bands: state.bands,
    perSeed: state.perSeed, zero: true, format: (v) => (v > 0 ? "+" : "") + v.toFixed(digits),
  });
}

function drawReliability() {
  const figure = byId("reliability");
  if (!figure) return;
  const bins = data.reliability[Number(byId("reliability-strategy").value)][Number(byId("reliability-budget").value)];
  reliabilityChart(figure, bins.before, bins.after);
}

// Labels per class and round, as shares of the labels and against the pool's share.
function drawClasses() {
  const body = byId("class-table");
  if (!body) return;
  const counts = data.class_counts[Number(byId("class-strategy").value)];
  const pool = data.pool_class_counts.reduce((a, b) => a + b, 0);
  const totals = counts.map((row) => row.reduce((a, b) => a + b, 0));
  body.replaceChildren(...data.classes.map((name, c) => {
    const share = pool > 0 ? data.pool_class_counts[c] / pool : NaN;
    const cells = counts.map((row, b) => {
      if (!row.length) return html("td", {}, "");
      const ratio = totals[b] > 0 && share > 0 ? row[c] / totals[b] / share : NaN;
      const cell = html("td", {}, Math.round(row[c]).toLocaleString("en-US"), html("small", {}, isNumber(ratio) ? `\u00d7 ${ratio.toFixed(2)}` : ""));
      if (isNumber(ratio)) {
        const strength = Math.min(60, Math.abs(Math.log2(Math.max(ratio, 1 / 64))) * 45);
        cell.style.background = `color-mix(in srgb, ${ratio > 1 ? "var(--good)" : "var(--bad)"} ${strength.toFixed(0)}%, transparent)`;
      }
      return cell;
    });
    const poolCell = html("td", {}, pool > 0 ? data.pool_class_counts[c].toLocaleString("en-US") : "");
    return html("tr", {}, html("th", { scope: "row" }, name), ...cells, poolCell);
  }));
}

function drawBars() {
  const figure = byId("timing-bars");
  if (!figure) return;
  for (const old of figure.querySelectorAll("svg")) old.remove();
  const parts = [["train", "training", "var(--after)"], ["score", "scoring", "var(--bar)"], ["select", "selecting", "var(--before)"]];
  const row = 26, left = 150, width = 760, height = 30 + row * data.timings.length;
  const most = Math.max(...data.timings.map((t) => t.train + t.score + t.select), 1e-9);
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Seconds of one seed's whole run by strategy; the table below has the numbers" });
  parts.forEach(([, label, color], i) => {
    root.append(svg("rect", { x: left + 120 * i, y: 4, width: 12, height: 12, fill: color }));
    root.append(svg("text", { x: left + 18 + 120 * i, y: 15 }, label));
  });
  data.timings.forEach((timing, i) => {
    const y = 28 + row * i;
    root.append(svg("text", { x: left - 8, y: y + 13, "text-anchor": "end" }, data.strategies[timing.strategy].label));
    let x = left;
    for (const [key, label, color] of parts) {
      const w = timing[key] / most * (width - left - 80);
      const bar = svg("rect", { x, y, width: w.toFixed(2), height: 17, fill: color });
      bar.append(svg("title", {}, `${label}: ${timing[key].toFixed(2)} s`));
      root.append(bar);
      x += w;
    }
    root.append(svg("text", { class: "tick", x: x + 6, y: y + 13 }, `${(timing.train + timing.score + timing.select).toFixed(1)} s`));
  });
  figure.append(root);
}

function draw() {
  drawCurves();
  drawMetric("chart-ece", state.eceStage, { fromZero: state.eceStage !== "temperature" });
  drawMetric("chart-redundancy", "redundancy", { fromZero: true });
  drawMetric("chart-redundancy-labeled", "redundancy_labeled", { fromZero: true });
  drawMetric("chart-drift", "drift");
}

function makeLegend() {
  const legend = byId("legend");
  data.strategies.forEach((strategy, s) => {
    const width = strategy.baseline ? 2.8 : 1.9;
    const swatch = svg("svg", { width: 34, height: 14, "aria-hidden": "true" },
      svg("path", { d: "M1,7H33", stroke: `var(--s${s})`, "stroke-width": width, "stroke-dasharray": dashes(strategy.dash, width) }),
      marker(strategy.marker, 17, 7, `var(--s${s})`));
    const button = html("button", { type: "button", "aria-pressed": String(!state.hidden.has(s)) }, swatch, strategy.label);
    button.addEventListener("click", () => {
      state.hidden.has(s) ? state.hidden.delete(s) : state.hidden.add(s);
      button.setAttribute("aria-pressed", String(!state.hidden.has(s)));
      draw();
    });
    legend.append(button);
  });
}

function bind(id, event, action) {
  const element = byId(id);
  if (element) element.addEventListener(event, () => action(element));
}

makeLegend();
bind("per-seed", "change", (box) => { state.perSeed = box.checked; draw(); });
bind("bands", "change", (box) => { state.bands = box.checked; draw(); });
bind("log", "change", (box) => { state.log = box.checked; draw(); });
bind("metric", "change", (select) => { state.metric = select.value; draw(); });
bind("ece-stage", "change", (select) => { state.eceStage = select.value; draw(); });
bind("reliability-strategy", "change", drawReliability);
bind("reliability-budget", "change", drawReliability);
bind("class-strategy", "change", drawClasses);
draw();
drawReliability();
drawClasses();
drawBars();
// On paper nothing can be opened.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
document.documentElement.dataset.ready = "yes";
