"use strict";
// Tables from data: texts become text nodes, never markup. A click on a column's head sorts by it.

// Plain text whose `names` in backticks become <code>.
function withCode(text) {
  const parts = String(text).split("`");
  return parts.map((part, i) => (i % 2 && i < parts.length - 1 ? html("code", {}, part) : document.createTextNode(part)));
}

function swatch(strategy) {
  return svg("svg", { class: "swatch", width: 12, height: 12, "aria-hidden": "true" },
    svg("circle", { cx: 6, cy: 6, r: 5, fill: `var(--s${strategy})` }));
}

// A cell is a text, or { t: text, s: small text below, c: class, h: hint, v: number to sort by }.
function makeCell(cell) {
  const { t = "", s = "", c = "", h = "", v = null } = typeof cell === "string" ? { t: cell } : cell || {};
  const element = html("td", {}, t);
  if (s) element.append(html("small", {}, s));
  if (c) element.className = c;
  if (h) element.title = h;
  if (isNumber(v)) element.dataset.value = v;
  return element;
}

function valueOf(row, column) {
  const cell = row.children[column];
  if (!cell) return null;
  if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
  const text = cell.firstChild ? (cell.matches("th") ? cell.textContent : cell.firstChild.textContent).trim() : "";
  if (text === "") return null;
  const number = Number(text.replace(/,/g, "").replace(/\s*(%|s)$/, ""));
  return Number.isNaN(number) ? text : number;
}

// Rows within each body; what is empty comes last, whichever way.
function sortBy(table, column, falling) {
  for (const body of table.tBodies) {
    const rows = [...body.rows].filter((row) => !row.dataset.fixed);
    rows.sort((a, b) => {
      const x = valueOf(a, column), y = valueOf(b, column);
      if (x === null || y === null) return (x === null) - (y === null);
      const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
      return falling ? -order : order;
    });
    const last = [...body.rows].filter((row) => row.dataset.fixed === "last");
    body.append(...rows, ...last);
  }
}

function makeSortable(table) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = html("button", { type: "button", class: "sort", title: "Sort by this column" });
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") !== "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      sortBy(table, column, falling);
    });
  });
}

/* spec: { columns: [{ t, s }], rows: [{ strategy | head, cells } | { group }], caption, csv: [file] } */
function makeTable(place, spec) {
  const table = html("table", {});
  if (spec.caption) table.append(html("caption", {}, ...withCode(spec.caption)));
  if (spec.columns.length) {
    const heads = spec.columns.map((column) => {
      const head = html("th", { scope: "col" }, column.t);
      if (column.s) head.append(html("small", {}, column.s));
      return head;
    });
    table.append(html("thead", {}, html("tr", {}, ...heads)));
  }
  let body = html("tbody");
  for (const row of spec.rows) {
    if (row.group) {
      if (body.rows.length) table.append(body);
      body = html("tbody", {}, html("tr", { "data-fixed": "first" }, html("th", { scope: "rowgroup", colspan: spec.columns.length }, row.group)));
      continue;
    }
    const head = html("th", { scope: "row" });
    if (row.strategy !== undefined) head.append(swatch(row.strategy), data.strategies[row.strategy].label);
    else head.append(row.head);
    const line = html("tr", {}, head, ...row.cells.map(makeCell));
    if (row.fixed) line.dataset.fixed = "last";
    body.append(line);
  }
  table.append(body);
  if (spec.columns.length) makeSortable(table);
  place.replaceChildren(html("div", { class: "scroll", tabindex: "0" }, table));
  if (spec.csv) {
    const links = spec.csv.flatMap((file, i) => [i ? ", " : "", html("a", { href: `tables/${file}` }, `tables/${file}`)]);
    place.append(html("p", { class: "note" }, ...links));
  }
}
