"use strict";
// Fills the page of an evaluation from its data. Texts go into text nodes, never into markup.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
// null: nothing to find, or nothing known.
const percent = (value) => (value === null ? "–" : (100 * value).toFixed(1));

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function shape(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// From 0 to 1: a line from bound to bound, a dot at the value, the whole dashed.
function bar(metric, whole) {
  const width = 240, pad = 6;
  const x = (value) => pad + value * (width - 2 * pad);
  const label = metric.value === null ? "not known" : `${percent(metric.value)} per cent`;
  const svg = shape("svg", { width, height: 16, viewBox: `0 0 ${width} 16`, role: "img", "aria-label": label });
  svg.append(shape("line", { x1: x(0), x2: x(1), y1: 8, y2: 8, stroke: "var(--line)" }));
  if (whole !== null) {
    svg.append(shape("line", { x1: x(whole), x2: x(whole), y1: 1, y2: 15, stroke: "var(--soft)", "stroke-dasharray": "2 2" }));
  }
  if (metric.low !== null) {
    svg.append(shape("line", { x1: x(metric.low), x2: x(metric.high), y1: 8, y2: 8, stroke: "var(--after)", "stroke-width": 3 }));
  }
  if (metric.value !== null) svg.append(shape("circle", { cx: x(metric.value), cy: 8, r: 4, fill: "var(--ink)" }));
  return svg;
}

function cell(metric) {
  if (!metric) return element("td");
  const shown = element("td", {}, percent(metric.value));
  if (metric.low !== null) shown.append(element("small", {}, `${percent(metric.low)} to ${percent(metric.high)}`));
  return shown;
}

function table({ kind, metrics, rows }, whole, worst) {
  const head = [kind, "images", `${metrics[0]}, 0 to 100`, ...metrics].map((text) => element("th", { scope: "col" }, text));
  const body = rows.map((row) => {
    const first = row.values[metrics[0]];
    const cells = metrics.map((name) => cell(row.values[name]));
    if (row.name === worst) cells[0].className = "worse";
    return element("tr", {}, element("th", { scope: "row" }, row.name), element("td", {}, String(first.images)),
      element("td", { class: "text" }, bar(first, whole)), ...cells);
  });
  return element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
}

function fill(id, part, whole, worst) {
  byId(id).hidden = part.rows.length === 0;
  if (part.rows.length > 0) byId(id).querySelector(".scroll").append(table(part, whole, worst));
}

document.title = data.title;
byId("title").textContent = data.title;
for (const tile of data.tiles) {
  const interval = tile.low === null ? "" : `, ${percent(tile.low)} to ${percent(tile.high)}`;
  byId("tiles").append(element("li", {}, element("b", {}, percent(tile.value)), element("span", {}, tile.name + interval)));
}
byId("notes").hidden = data.notes.length === 0;
for (const note of data.notes) byId("notes").querySelector("ul").append(element("li", {}, note));
byId("slices").querySelector("p").textContent = data.worst_text;
fill("slices", data.slices, data.whole, data.worst);
fill("classes", data.classes, null, null);
for (const [name, text] of data.facts) {
  byId("facts").append(element("tr", {}, element("th", { scope: "row" }, name), element("td", { class: "settings" }, text)));
}
