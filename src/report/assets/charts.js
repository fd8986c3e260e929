"use strict";
// Charts drawn by hand in SVG. Everything is rebuilt on a change: the data are a few hundred numbers.

const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  for (const child of children) element.append(child);
  return element;
}

function html(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  for (const child of children) element.append(child);
  return element;
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

function mean(values) {
  return values.length ? values.reduce((a, b) => a + b, 0) / values.length : NaN;
}

function deviation(values) {
  if (values.length < 2) return NaN;
  const center = mean(values);
  return Math.sqrt(values.reduce((a, v) => a + (v - center) ** 2, 0) / (values.length - 1));
}

// About `count` round numbers that span the range.
function niceTicks(low, high, count) {
  if (!(high > low)) { low -= 0.5; high += 0.5; }
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999);
  const first = Math.floor(low / step + 1e-9), last = Math.ceil(high / step - 1e-9);
  const ticks = [];
  for (let i = first; i <= last; ++i) ticks.push(i * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (String(step / power).includes(".") ? 1 : 0));
  return { ticks, text: (v) => (Math.abs(v) < step / 1e6 ? 0 : v).toFixed(Math.min(6, digits)).replace("-", "\u2212") };
}

// The point types of the figures: 6/7 disc, 4/5 square, 8/9 triangle, 10/11 triangle down,
// 12/13 diamond (even: outline), 2 cross.
function marker(type, x, y, color, size = 4) {
  const outline = type % 2 === 0;
  const shape = {
    3: `M${-size},0A${size},${size} 0 1 1 ${size},0A${size},${size} 0 1 1 ${-size},0Z`,
    2: `M${-size},${-size}H${size}V${size}H${-size}Z`,
    4: `M0,${-size * 1.2}L${size * 1.15},${size * 0.85}H${-size * 1.15}Z`,
    5: `M0,${size * 1.2}L${size * 1.15},${-size * 0.85}H${-size * 1.15}Z`,
    6: `M0,${-size * 1.3}L${size * 1.3},0L0,${size * 1.3}L${-size * 1.3},0Z`,
    1: `M${-size},${-size}L${size},${size}M${-size},${size}L${size},${-size}`,
  }[Math.floor(type / 2)] || "";
  const path = svg("path", { d: shape, transform: `translate(${x.toFixed(1)},${y.toFixed(1)})`, stroke: color, "stroke-width": 1.6 });
  path.setAttribute("fill", outline ? "var(--paper)" : color);
  return path;
}

// A strategy's dashes are multiples of its line width.
function dashes(dash, width) {
  return dash ? dash.split(" ").map((d) => (Number(d) * width).toFixed(1)).join(" ") : "none";
}

/* A line chart over budgets, filled into `figure`.
 * spec: { x: [{position, top, bottom}], series: [{label, color, dash, marker, baseline, seeds: [[value or null a seed] a budget]}],
 *         y, format(value), reference: {value, label}, zero (a thick line there), fromZero, log, bands,
 *         perSeed } */
function lineChart(figure, spec) {
  const width = 560, height = 380, left = 58, right = 16, top = 12, bottom = 46;
  for (const old of figure.querySelectorAll("svg, .tip")) old.remove();
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", tabindex: "0", "aria-label": `${spec.y} over labels bought; arrow keys read the values` });
  const at = (b) => (spec.log ? Math.log(Math.max(1e-12, spec.x[b].position)) : spec.x[b].position);
  const count = spec.x.length;
  const low = count ? at(0) : 0, span = count > 1 ? at(count - 1) - low : 1;
  const px = (b) => left + 14 + (count > 1 ? (at(b) - low) / span : 0.5) * (width - left - right - 28);

  const lines = spec.series.map((series) => ({
    ...series,
    points: series.seeds.map((values) => {
      const there = values.filter(isNumber);
      return { mean: mean(there), std: deviation(there), seeds: values };
    }),
  }));
  const extent = [];
  for (const line of lines) {
    for (const point of line.points) {
      if (!isNumber(point.mean)) continue;
      const half = spec.bands && isNumber(point.std) ? point.std : 0;
      extent.push(point.mean - half, point.mean + half);
      if (spec.perSeed) extent.push(...point.seeds.filter(isNumber));
    }
  }
  if (spec.reference && isNumber(spec.reference.value)) extent.push(spec.reference.value);
  if (spec.zero || spec.fromZero) extent.push(0);
  if (!extent.length) {
    root.append(svg("text", { x: width / 2, y: height / 2, "text-anchor": "middle" }, "nothing to show"));
    figure.append(root);
    return;
  }
  const { ticks, text } = niceTicks(Math.min(...extent), Math.max(...extent), 6);
  const yLow = ticks[0], yHigh = ticks[ticks.length - 1];
  const py = (value) => top + (yHigh - value) / (yHigh - yLow) * (height - top - bottom);

  for (const tick of ticks) {
    root.append(svg("line", { class: "grid", x1: left, x2: width - right, y1: py(tick), y2: py(tick) }));
    root.append(svg("text", { class: "tick", x: left - 7, y: py(tick) + 4, "text-anchor": "end" }, text(tick)));
  }
  let lastLabel = -Infinity;
  for (let b = 0; b < count; ++b) {
    root.append(svg("line", { class: "axis", x1: px(b), x2: px(b), y1: height - bottom, y2: height - bottom + 4 }));
    const room = px(b) - lastLabel > 40 && (b === count - 1 || px(count - 1) - px(b) > 40);
    if (!room && b !== count - 1) continue;
    lastLabel = px(b);
    root.append(svg("text", { class: "tick", x: px(b), y: height - bottom + 17, "text-anchor": "middle" }, spec.x[b].top));
    root.append(svg("text", { class: "tick", x: px(b), y: height - bottom + 31, "text-anchor": "middle" }, spec.x[b].bottom));
  }
  root.append(svg("line", { class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }));
  root.append(svg("text", { transform: `translate(13,${(top + height - bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, spec.y));
  if (spec.zero) root.append(svg("line", { x1: left, x2: width - right, y1: py(0), y2: py(0), stroke: "var(--ink)", "stroke-width": 2.6 }));
  if (spec.reference && isNumber(spec.reference.value)) {
    const y = py(spec.reference.value);
    root.append(svg("line", { x1: left, x2: width - right, y1: y, y2: y, stroke: "var(--soft)", "stroke-width": 1.4, "stroke-dasharray": "2 4" }));
    root.append(svg("text", { class: "tick", x: left + 6, y: y - 6 }, spec.reference.label));
  }

  const path = (values) => values.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
  const ordered = lines.filter((l) => !l.baseline).concat(lines.filter((l) => l.baseline));
  if (spec.bands) {
    for (const line of ordered) {
      const known = line.points.map((p, b) => [p, b]).filter(([p]) => isNumber(p.mean) && isNumber(p.std));
      if (known.length < 2) continue;
      const upper = known.map(([p, b]) => [px(b), py(p.mean + p.std)]);
      const lower = known.map(([p, b]) => [px(b), py(p.mean - p.std)]).reverse();
      root.append(svg("path", { d: path(upper.concat(lower)) + "Z", fill: line.color, "fill-opacity": 0.13 }));
    }
  }
  for (const line of ordered) {
    const widthOf = line.baseline ? 2.8 : 1.9;
    if (spec.perSeed) {
      const seeds = Math.max(0, ...line.points.map((p) => p.seeds.length));
      for (let s = 0; s < seeds; ++s) {
        const values = line.points.map((p, b) => [px(b), p.seeds[s]]).filter(([, v]) => isNumber(v)).map(([x, v]) => [x, py(v)]);
        root.append(svg("path", { d: path(values), fill: "none", stroke: line.color, "stroke-width": 0.9, "stroke-opacity": 0.55 }));
      }
    }
    const known = line.points.map((p, b) => [p, b]).filter(([p]) => isNumber(p.mean));
    root.append(svg("path", { d: path(known.map(([p, b]) => [px(b), py(p.mean)])), fill: "none", stroke: line.color, "stroke-width": widthOf, "stroke-dasharray": dashes(line.dash, widthOf), "stroke-linejoin": "round" }));
    for (const [p, b] of known) root.append(marker(line.marker, px(b), py(p.mean), line.color));
  }
  addCursor(figure, root, spec, lines, px, { width, height, top, bottom });
  figure.append(root);
}

// The values at one budget: by pointer, or by arrow keys when the chart has the focus.
function addCursor(figure, root, spec, lines, px, size) {
  const cursor = svg("line", { class: "cursor", y1: size.top, y2: size.height - size.bottom, visibility: "hidden" });
  root.append(cursor);
  const tip = html("div", { class: "tip", role: "status", "aria-live": "polite" });
  tip.hidden = true;
  figure.append(tip);
  let chosen = -1;
  const show = (b) => {
    if (b === chosen) return;
    chosen = b;
    cursor.setAttribute("x1", px(b));
    cursor.setAttribute("x2", px(b));
    cursor.setAttribute("visibility", "visible");
    const rows = lines
      .filter((line) => isNumber(line.points[b].mean))
      .sort((a, c) => c.points[b].mean - a.points[b].mean)
      .map((line) => {
        const { mean: middle, std } = line.points[b];
        const dot = html("i");
        dot.style.background = line.color;
        return html("tr", {}, html("th", { scope: "row" }, dot, line.label), html("td", {}, spec.format(middle) + (isNumber(std) ? ` \u00b1 ${spec.format(std).replace("+", "")}` : "")));
      });
    tip.replaceChildren(html("b", {}, `${spec.x[b].top}, ${spec.x[b].bottom} labels`), html("table", {}, html("tbody", {}, ...rows)));
    tip.hidden = false;
    const scale = root.clientWidth / size.width;
    const x = px(b) * scale;
    const flip = x > root.clientWidth / 2;
    tip.style.top = "2.2rem";
    tip.style.left = flip ? "auto" : `${x + 12}px`;
    tip.style.right = flip ? `${figure.clientWidth - x + 12}px` : "auto";
  };
  const hide = () => {
    chosen = -1;
    tip.hidden = true;
    cursor.setAttribute("visibility", "hidden");
  };
  root.addEventListener("pointermove", (event) => {
    const box = root.getBoundingClientRect();
    const x = (event.clientX - box.left) * size.width / box.width;
    let nearest = 0;
    for (let b = 1; b < spec.x.length; ++b) if (Math.abs(px(b) - x) < Math.abs(px(nearest) - x)) nearest = b;
    show(nearest);
  });
  root.addEventListener("pointerleave", hide);
  root.addEventListener("blur", hide);
  root.addEventListener("keydown", (event) => {
    const last = spec.x.length - 1;
    const next = { ArrowRight: chosen + 1, ArrowLeft: chosen < 0 ? last : chosen - 1, Home: 0, End: last }[event.key];
    if (event.key === "Escape") hide();
    if (next === undefined) return;
    event.preventDefault();
    show(Math.min(last, Math.max(0, next)));
  });
}

/* A reliability diagram. bins: [[confidence, accuracy, count]]. */
function reliabilityChart(figure, before, after) {
  const width = 560, height = 380, left = 58, bottom = 46, top = 12, right = 16;
  for (const old of figure.querySelectorAll("svg")) old.remove();
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Reliability diagram: share predicted right over confidence, before and after temperature scaling" });
  const px = (v) => left + v * (width - left - right), py = (v) => top + (1 - v) * (height - top - bottom);
  for (const tick of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    root.append(svg("line", { class: "grid", x1: px(0), x2: px(1), y1: py(tick), y2: py(tick) }));
    root.append(svg("text", { class: "tick", x: left - 7, y: py(tick) + 4, "text-anchor": "end" }, tick.toFixed(1)));
    root.append(svg("text", { class: "tick", x: px(tick), y: height - bottom + 17, "text-anchor": "middle" }, tick.toFixed(1)));
  }
  root.append(svg("line", { x1: px(0), y1: py(0), x2: px(1), y2: py(1), stroke: "var(--soft)", "stroke-width": 1.4, "stroke-dasharray": "2 4" }));
  root.append(svg("text", { x: (px(0) + px(1)) / 2, y: height - 10, "text-anchor": "middle" }, "confidence"));
  root.append(svg("text", { transform: `translate(13,${(py(0) + py(1)) / 2}) rotate(-90)`, "text-anchor": "middle" }, "share predicted right"));
  const draw = (bins, color, dash, type, label, row) => {
    const d = bins.map(([c, a], i) => `${i ? "L" : "M"}${px(c).toFixed(1)},${py(a).toFixed(1)}`).join("");
    root.append(svg("path", { d, fill: "none", stroke: color, "stroke-width": 2, "stroke-dasharray": dashes(dash, 2) }));
    for (const [c, a, n] of bins) {
      const mark = marker(type, px(c), py(a), color);
      mark.append(svg("title", {}, `${label}: confidence ${c.toFixed(3)}, right ${a.toFixed(3)}, ${n} predictions`));
      root.append(mark);
    }
    root.append(svg("path", { d: `M${left + 12},${top + 14 + 18 * row}h30`, stroke: color, "stroke-width": 2, "stroke-dasharray": dashes(dash, 2) }));
    root.append(marker(type, left + 27, top + 14 + 18 * row, color));
    root.append(svg("text", { x: left + 50, y: top + 18 + 18 * row }, label));
  };
  draw(before, "var(--before)", "4 2", 4, "before", 0);
  draw(after, "var(--after)", "", 7, "after temperature scaling", 1);
  figure.append(root);
}
