"use strict";
// Fills the page from its data: one state, and every chart drawn from it.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const state = {
  hidden: new Set(data.strategies.map((s, i) => i).filter((i) => !data.shown.includes(i))),
  perSeed: false,
  bands: data.seeds.length > 1,
  log: true,
  metric: data.headline,
  eceStage: "ece_before",
};

const metrics = {
  ece_before: { label: "calibration error before (%)", scale: 100, digits: 2 },
  ece_after: { label: "calibration error after (%)", scale: 100, digits: 2 },
  temperature: { label: "temperature", scale: 1, digits: 3 },
  redundancy: { label: "near twin in the batch (%)", scale: 100, digits: 2 },
  redundancy_labeled: { label: "near twin among earlier labels (%)", scale: 100, digits: 2 },
  drift: { label: "drift", scale: 1, digits: 4 },
};

for (const { name, label, unit } of data.shown_metrics) {
  metrics[name] = unit === "fraction" ? { label: `${label} (%)`, scale: 100, digits: 2 }
    : { label: unit === "count" ? label : `${label} (${unit})`, scale: 1, digits: unit === "count" ? 0 : 4 };
}
byId("metric").replaceChildren(...data.shown_metrics.map(({ name, label }) => html("option", { value: name }, label)));
byId("gains-measure").textContent = data.shown_metrics[0].label;
byId("class-measure").options[0].textContent = data.headline === "accuracy" ? "accuracy of the class's test items" : data.by_class;

const axis = data.budgets.map((b) => ({ position: b.labels, top: b.percent, bottom: b.labels.toLocaleString("en-US") }));

function seriesOf(name, transform) {
  if (!data.metrics[name]) return [];
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
  const reference = state.metric === data.headline && isNumber(data.full_accuracy)
    ? { value: 100 * data.full_accuracy, label: `all labels: ${(100 * data.full_accuracy).toFixed(1)} %` } : undefined;
  drawMetric("curves", state.metric, { reference });
  byId("gains-chart").hidden = data.random === null;
  if (data.random === null || !data.metrics[state.metric]) return;
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

// By class and budget: accuracy of its test items, or labels bought, against the pool's share.
function drawClasses() {
  const strategy = Number(byId("class-strategy").value);
  const byRecall = byId("class-measure").value === "recall";
  byId("classes-note").textContent = byRecall && data.headline !== "accuracy"
    ? `${data.by_class} of each class, mean over seeds. Orange is far below the mean of the classes at that budget.`
    : byRecall
    ? "Per cent of the class's test items that are predicted right, mean over seeds. Orange is far below the mean of the classes at that budget."
    : "Labels bought so far, mean over seeds; \u00d7 is the class's share of them over its share of the pool. A class that starves stands out in orange.";
  const counts = data.class_counts[strategy], recall = data.class_recall[strategy];
  const pool = data.pool_class_counts.reduce((a, b) => a + b, 0);
  const totals = counts.map((row) => row.reduce((a, b) => a + b, 0));
  const means = recall.map((row) => mean(row.filter(isNumber)));
  const tint = (cell, strength, good) => { cell.style.background = `color-mix(in srgb, ${good ? "var(--good)" : "var(--bad)"} ${Math.min(60, strength).toFixed(0)}%, transparent)`; };
  byId("class-table").replaceChildren(...data.classes.map((name, c) => {
    const share = pool > 0 ? data.pool_class_counts[c] / pool : NaN;
    const cells = data.budgets.map((_, b) => {
      if (byRecall) {
        const value = recall[b][c];
        const cell = makeCell(isNumber(value) ? { t: `${(100 * value).toFixed(1)} %`, v: value } : "");
        if (isNumber(value)) tint(cell, Math.abs(value - means[b]) * 150, value > means[b]);
        return cell;
      }
      const count = counts[b][c];
      if (!isNumber(count)) return makeCell("");
      const ratio = totals[b] > 0 && share > 0 ? count / totals[b] / share : NaN;
      const cell = makeCell({ t: Math.round(count).toLocaleString("en-US"), s: isNumber(ratio) ? `\u00d7 ${ratio.toFixed(2)}` : "", v: count });
      if (isNumber(ratio)) tint(cell, Math.abs(Math.log2(Math.max(ratio, 1 / 64))) * 45, ratio > 1);
      return cell;
    });
    const inPool = pool > 0 ? { t: data.pool_class_counts[c].toLocaleString("en-US"), v: data.pool_class_counts[c] } : "";
    return html("tr", {}, html("th", { scope: "row" }, name), ...cells, makeCell(inPool));
  }));
}

function makeClassHead() {
  const heads = [["class", ""], ...data.budgets.map((b) => [b.percent, b.labels.toLocaleString("en-US")]), ["pool", "labels"]];
  byId("class-head").replaceChildren(...heads.map(([text, small]) => {
    const head = html("th", { scope: "col" }, text);
    if (small) head.append(html("small", {}, small));
    return head;
  }));
  makeSortable(byId("class-head").closest("table"));
}

// The first picks of each batch; a picture is there once, however many strategies picked it.
function makePicks() {
  if (!data.picks) return;
  const zoom = byId("zoom");
  byId("picks-note").textContent = data.picks.note;
  const makeItem = (item) => {
    const picture = data.picks.pictures[item.id];
    const text = `${item.id}: ${item.label}, pick ${item.rank}` + (isNumber(item.score) ? `, score ${item.score}` : "");
    const image = html("img", { src: picture, alt: item.label, loading: "lazy", width: 72, height: 72 });
    const button = html("button", { type: "button", title: text }, image, html("span", {}, item.label), html("span", {}, item.id));
    if (isNumber(item.score)) button.append(html("span", {}, String(item.score)));
    button.addEventListener("click", () => {
      zoom.querySelector("img").src = picture;
      zoom.querySelector("p").textContent = text;
      zoom.showModal();
    });
    return html("li", {}, button);
  };
  byId("pick-batches").replaceChildren(...data.picks.batches.map((batch) => {
    const details = html("details", {}, html("summary", {}, batch.title));
    details.open = batch.open;
    for (const strip of batch.strips) {
      details.append(html("p", { class: "strip-name" }, strip.name), html("ul", { class: "strip", tabindex: "0", "aria-label": strip.name }, ...strip.items.map(makeItem)));
    }
    return details;
  }));
}

function makeTexts() {
  byId("conclusion").textContent = data.conclusion.text;
  byId("conclusion").classList.toggle("shown", data.conclusion.shown);
  byId("conclusion-details").replaceChildren(...data.conclusion.details.map((text) => html("li", {}, ...withCode(text))));
  byId("summary").textContent = data.summary;
  byId("tiles").replaceChildren(...data.tiles.map((tile) => html("li", {}, html("b", {}, tile.value), html("span", {}, tile.meaning))));
  byId("warnings").hidden = !data.warnings.length;
  byId("warnings").querySelector("ul").replaceChildren(...data.warnings.map((text) => html("li", {}, ...withCode(text))));
  byId("labels-note").textContent = data.labels_note;
  for (const section of data.reflection) {
    byId("reflection-body").append(html("h3", {}, section.title), html("ul", {}, ...section.sentences.map((text) => html("li", {}, ...withCode(text)))));
  }
}

function fillSelect(id, names, chosen) {
  byId(id).replaceChildren(...names.map((name, i) => html("option", { value: i }, name)));
  if (names.length) byId(id).value = String(chosen);
}

// Sections that have something to show, and links to them.
function showSections() {
  const nav = document.querySelector("nav");
  for (const id of data.sections) {
    const section = byId(id);
    section.hidden = false;
    if (section.dataset.name) nav.append(html("a", { href: `#${id}` }, section.dataset.name));
  }
  const colors = (key) => data.strategies.map((s, i) => `--s${i}:${s.baseline ? "var(--ink)" : s[key]};`).join("");
  document.head.append(html("style", {}, `:root{${colors("color")}}@media screen and (prefers-color-scheme: dark){:root{${colors("color_dark")}}}`));
}

function drawBars() {
  const figure = byId("timing-bars");
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

showSections();
makeTexts();
for (const place of document.querySelectorAll("[data-table]")) {
  const spec = data.tables[place.dataset.table];
  if (spec) makeTable(place, spec);
}
const names = data.strategies.map((s) => s.label);
byId("bands-label").hidden = data.seeds.length < 2;
fillSelect("class-strategy", names, data.random === 0 && names.length > 1 ? 1 : 0);
fillSelect("reliability-strategy", names, 0);
fillSelect("reliability-budget", data.budgets.map((b) => b.percent), Math.max(0, data.budgets.findIndex((b) => b.fraction > 0.05 - 1e-9)));
makeLegend();
makePicks();
bind("per-seed", "change", (box) => { state.perSeed = box.checked; draw(); });
bind("bands", "change", (box) => { state.bands = box.checked; draw(); });
bind("log", "change", (box) => { state.log = box.checked; draw(); });
bind("metric", "change", (select) => { state.metric = select.value; draw(); });
bind("ece-stage", "change", (select) => { state.eceStage = select.value; draw(); });
bind("reliability-strategy", "change", drawReliability);
bind("reliability-budget", "change", drawReliability);
bind("class-strategy", "change", drawClasses);
bind("class-measure", "change", drawClasses);
if (data.strategies.length) {
  draw();
  if (data.sections.includes("calibration")) drawReliability();
  if (data.sections.includes("classes")) { makeClassHead(); drawClasses(); }
  if (data.timings.length) drawBars();
}
// On paper nothing can be opened.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
document.documentElement.dataset.ready = "yes";
