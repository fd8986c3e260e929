"use strict";
// The page of `goldpan label`. Talks to the server by the protocol of docs/label.md and to nobody else.

const $ = (id) => document.getElementById(id);
const reserved = new Set([..."sungz?"]);
const ahead = 8;           // images fetched before they are shown
let classes = [], keys = [];
let queue = [];            // items to show; queue[0] is on the screen
let view = "single";
let tiles = [];
let state = null;
const done = new Set();    // answered here, perhaps not yet acknowledged

// ---- answers: kept until the server has them on disk, also over a reload ----
// One entry a page, so that two pages do not overwrite each other's; named by the session, since another
// session on the same port has other items. A page that starts takes over what others left: an answer has a
// key, so that it counts once though two pages send it.
let storeName = "";
let unsent = [];
let sending = false, alone = 0, failing = false;

function adopt(session) {
  const prefix = "goldpan-unsent:" + session + ":";
  storeName = prefix + newKey();
  for (const name of Object.keys(localStorage).filter((name) => name.startsWith(prefix))) {
    try { unsent.push(...JSON.parse(localStorage.getItem(name))); } catch (error) { /* not ours */ }
    localStorage.removeItem(name);
  }
  for (const answer of unsent) done.add(answer.id);
  keep();
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

function say(text, stays) {
  $("status").textContent = text;
  clearTimeout(say.timer);
  if (text && !stays) say.timer = setTimeout(() => { $("status").textContent = ""; }, 4000);
}

async function call(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)};
  const response = await fetch(path, options);
  if (!response.ok) {
    const error = new Error((await response.text()).trim());
    error.status = response.status;
    throw error;
  }
  return response.json();
}

function keep() {
  if (unsent.length) localStorage.setItem(storeName, JSON.stringify(unsent));
  else localStorage.removeItem(storeName);
}

function record(answers) {
  for (const answer of answers) {
    unsent.push({...answer, who: who(), key: newKey()});
    done.add(answer.id);
  }
  keep();
  return flush();
}

async function flush() {
  if (sending) return;
  sending = true;
  while (unsent.length) {
    const batch = [], seen = new Set();
    for (const answer of unsent) {  // one item at most once in a request
      if (seen.has(answer.id) || batch.length === (alone > 0 ? 1 : 200)) break;
      seen.add(answer.id);
      batch.push(answer);
    }
    try {
      await call("/api/answers", batch);
      if (failing) say("Saved.");
      failing = false;
    } catch (error) {
      if (error.status !== 400) {
        failing = true;
        say(unsent.length + " not saved yet, trying again: " + (error.status ? error.message : "the server does not answer"), true);
        setTimeout(flush, 2000);
        break;
      }
      if (batch.length > 1) {  // all or none were recorded: find the one that is refused
        alone = batch.length;
        continue;
      }
      say("The server refused an answer: " + error.message);
      done.delete(batch[0].id);
    }
    alone = Math.max(0, alone - batch.length);
    unsent = unsent.slice(batch.length);
    keep();
  }
  sending = false;
}
addEventListener("beforeunload", (event) => { if (unsent.length) event.preventDefault(); });

// ---- who ----
function who() { return $("who").value.trim() || "me"; }
$("who").value = localStorage.getItem("goldpan-who") || "me";
$("who").addEventListener("change", async () => {
  localStorage.setItem("goldpan-who", who());
  queue = [];
  await fill();
  show();
});

// ---- items ----
const imageOf = (item, side) => item.image ? item.image + (side ? "?side=" + side : "") : "";
const preloaded = new Map();
function preload(item) {
  if (!item.image || preloaded.has(item.id)) return;
  const image = new Image();
  image.src = imageOf(item, 1024);
  preloaded.set(item.id, image);
  if (preloaded.size > 60) preloaded.delete(preloaded.keys().next().value);
}

async function fill() {
  if (fill.busy) return;
  fill.busy = true;
  try {
    const got = await call("/api/next?count=" + ahead + "&who=" + encodeURIComponent(who()));
    const have = new Set(queue.map((item) => item.id));
    for (const item of got.items) {
      if (!have.has(item.id) && !done.has(item.id)) queue.push(item);
    }
    queue.slice(0, ahead).forEach(preload);
  } catch (error) {
    say(error.message);
  } finally {
    fill.busy = false;
  }
}

const reasons = {
  cold_start: "random start", reserve: "random: for an honest estimate", strategy: "chosen: worth most to the model",
  class_floor: "chosen: a rare class", offered: "offered"};
const percent = (value) => (100 * value).toFixed(value > 0.1 ? 0 : 1) + " %";

function show() {
  const item = queue[0];
  const image = $("image");
  if (!item) {
    image.removeAttribute("src");
    image.alt = "";
    $("caption").textContent = state && state.labelled >= state.pool
      ? "Everything is labelled." : "Nothing to show just now: the next batch is being chosen.";
    $("classes").querySelectorAll("button").forEach((button) => { button.classList.remove("likely"); button.disabled = true; });
    return;
  }
  const guess = item.prediction;
  image.src = imageOf(item, 1024);
  image.alt = item.name + (guess ? ", predicted " + guess.label + " " + percent(guess.confidence) : "");
  const caption = $("caption");
  caption.textContent = "";
  const name = document.createElement("b");
  name.textContent = item.name;
  caption.append(name, " \u00b7 " + (reasons[item.reason] || item.reason)
    + (item.second_opinion ? " \u00b7 a second opinion" : "")
    + (guess ? " \u00b7 model: " + guess.label + " " + percent(guess.confidence) : ""));
  $("classes").querySelectorAll("button").forEach((button) => {
    button.disabled = false;
    button.classList.toggle("likely", Boolean(guess) && button.dataset.label === guess.label);
  });
}
$("image").addEventListener("load", () => {
  $("image").classList.toggle("tiny", $("image").naturalWidth < 128);
});

function answer(what) {
  const item = queue.shift();
  if (!item) return;
  const note = $("note").value.trim();
  $("note").value = "";
  record([{id: item.id, ...what, ...(note ? {note} : {})}]);
  say((what.label || (what.skip ? "skipped" : "unsure")) + ": " + item.name);
  show();
  if (queue.length < ahead / 2) fill().then(() => { if (queue.length) { if (!$("image").getAttribute("src")) show(); } });
}

async function undo() {
  await flush();
  if (unsent.length) return;
  try {
    const got = await call("/api/undo", {who: who()});
    if (got.id === null) { say("Nothing to undo."); return; }
    done.delete(got.id);
    queue = queue.filter((item) => item.id !== got.id);
    const got2 = await call("/api/next?count=" + ahead + "&who=" + encodeURIComponent(who()));
    const back = got2.items.find((item) => item.id === got.id);
    queue.unshift(back || {id: got.id, name: "item " + got.id, image: "/api/images/" + got.id, reason: "offered", prediction: null});
    say("Taken back: " + queue[0].name);
    show();
    refresh();
  } catch (error) { say(error.message); }
}

// ---- grid ----
async function loadGrid() {
  const chosen = $("grid-class").value;
  const got = await call("/api/grid?count=24&who=" + encodeURIComponent(who())
    + (chosen ? "&label=" + encodeURIComponent(chosen) : ""));
  tiles = got.items.filter((item) => !done.has(item.id));
  const box = $("tiles");
  box.textContent = "";
  const label = tiles.length ? tiles[0].prediction.label : chosen;
  $("grid-name").textContent = label || "\u2026";
  $("grid-confirm").disabled = tiles.length === 0;
  if (!tiles.length) {
    box.textContent = state && state.model.labels ? "No images of this class to confirm." : "The grid comes with the first model: label some images one by one.";
  }
  for (const item of tiles) {
    const button = document.createElement("button");
    button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-label", item.name + ", " + label + " " + percent(item.prediction.confidence) + ". Press if it is something else");
    const image = document.createElement("img");
    image.src = imageOf(item, 256);
    image.alt = "";
    const sure = document.createElement("span");
    sure.textContent = item.image ? percent(item.prediction.confidence) : item.name;
    button.append(image, sure);
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    });
    box.append(button);
  }
  const first = box.querySelector("button");
  if (first) first.focus();
}

async function confirmGrid() {
  const marked = [], right = [];
  $("tiles").querySelectorAll("button").forEach((button, i) => {
    (button.getAttribute("aria-pressed") === "true" ? marked : right).push(tiles[i]);
  });
  if (right.length) await record(right.map((item) => ({id: item.id, label: item.prediction.label})));
  // What was clicked out is asked for one by one, next.
  queue = marked.concat(queue.filter((item) => !marked.some((other) => other.id === item.id)));
  say(right.length + " confirmed" + (marked.length ? ", " + marked.length + " to name one by one" : ""));
  refresh();
  if (marked.length) { setView("single"); show(); } else { await loadGrid(); }
}

function moveInGrid(key) {
  const all = [...$("tiles").querySelectorAll("button")];
  const at = all.indexOf(document.activeElement);
  if (at < 0) return false;
  const across = all.filter((tile) => tile.offsetTop === all[0].offsetTop).length;
  const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across}[key];
  if (!step) return false;
  const to = all[at + step];
  if (to) to.focus();
  return true;
}

// ---- second look and agreement ----
function card(item, lines, choices) {
  const box = document.createElement("article");
  box.className = "card";
  if (item.image) {
    const image = document.createElement("img");
    image.src = imageOf(item, 512);
    image.alt = item.name;
    box.append(image);
  }
  for (const line of [item.name, ...lines]) {
    const text = document.createElement("div");
    text.textContent = line;
    box.append(text);
  }
  for (const label of choices) {
    const button = document.createElement("button");
    button.textContent = label;
    button.setAttribute("aria-label", item.name + " is " + label);
    button.addEventListener("click", async () => {
      await record([{id: item.id, label}]);
      box.remove();
      say(label + ": " + item.name);
    });
    box.append(button);
  }
  return box;
}

async function loadDoubts() {
  const got = await call("/api/suspicious?count=60");
  const list = $("doubt-list");
  list.textContent = got.items.length ? "" : "None now.";
  for (const item of got.items) {
    list.append(card(item, [
      "given: " + item.given + " (model: " + percent(item.given_probability) + ")",
      "model: " + item.suggested + " " + percent(item.suggested_probability)], [item.suggested, item.given]));
  }
}

async function loadPeople() {
  const got = await call("/api/agreement");
  const text = $("people-text");
  text.textContent = "";
  const line = (content) => { const p = document.createElement("p"); p.textContent = content; text.append(p); };
  if (!got.items) line("No item has labels of two people yet. Start with --overlap 0.1 to ask for some.");
  else line(got.items + " items have labels of two people or more. Krippendorff's alpha: "
    + (got.krippendorff_alpha === null ? "unknown" : got.krippendorff_alpha.toFixed(2)));
  for (const pair of got.pairs) {
    line(pair.a + " and " + pair.b + ": " + percent(pair.agreed) + " of " + pair.items + " agreed"
      + (pair.cohen_kappa === null ? "" : ", Cohen's kappa " + pair.cohen_kappa.toFixed(2)));
  }
  const list = $("people-list");
  list.textContent = "";
  for (const item of got.disagreements) {
    list.append(card(item, Object.entries(item.said).map(([name, label]) => name + ": " + label),
      [...new Set(Object.values(item.said))]));
  }
}

// ---- the panel ----
const bare = (value) => percent(value).replace(" %", "");
const together = (text) => text.replaceAll(" ", "\u00a0");
const interval = (e) => together(percent(e.value) + " (" + bare(e.low) + " to " + bare(e.high) + ")");
function points(e) {
  const one = (x) => (x >= 0 ? "+" : "\u2212") + Math.abs(100 * x).toFixed(1);
  return together(one(e.value) + " (" + one(e.low) + " to " + one(e.high) + ")");
}

function drawCurve(curve) {
  const svg = $("curve");
  svg.textContent = "";
  const seen = curve.filter((point) => point.pool);
  svg.toggleAttribute("hidden", seen.length < 2);
  if (seen.length < 2) return;
  const make = (kind, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", kind);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text) node.textContent = text;
    svg.append(node);
  };
  const most = seen[seen.length - 1].labels, least = seen[0].labels;
  const low = Math.max(0, Math.floor(10 * Math.min(...seen.map((p) => p.pool.low))) / 10);
  const x = (labels) => 34 + 280 * (labels - least) / Math.max(1, most - least);
  const y = (value) => 132 - 120 * (value - low) / (1 - low);
  const upper = seen.map((p) => x(p.labels) + "," + y(p.pool.high));
  const lower = seen.map((p) => x(p.labels) + "," + y(p.pool.low)).reverse();
  make("polygon", {class: "band", points: upper.concat(lower).join(" ")});
  make("line", {class: "axis", x1: 34, x2: 314, y1: 132, y2: 132});
  make("polyline", {class: "curve", points: seen.map((p) => x(p.labels) + "," + y(p.pool.value)).join(" ")});
  make("text", {x: 2, y: 136}, percent(low));
  make("text", {x: 2, y: 18}, "100 %");
  make("text", {x: 34, y: 147}, least + " labels");
  make("text", {x: 314, y: 147, "text-anchor": "end"}, String(most));
}

function drawPanel() {
  $("progress").max = state.pool;
  $("progress").value = state.labelled;
  $("progress-text").textContent = state.labelled + " of " + state.pool;
  const truth = state.truth, mine = state.people.find((person) => person.who === who());
  const facts = [];
  if (truth.pool) facts.push(["Accuracy, estimated", interval(truth.pool)]);
  if (truth.reserve) facts.push(["On " + truth.reserve.from + " random labels", interval(truth.reserve)]);
  if (truth.gain) facts.push(["Next 100 labels, points", points(truth.gain)]);
  facts.push(["Model trained on", state.model.labels ? state.model.labels + " labels" : "none yet"]);
  if (mine && mine.labels_a_minute) facts.push(["Labels a minute", mine.labels_a_minute.toFixed(0)]);
  if (state.skipped || state.unsure) facts.push(["Skipped, unsure", state.skipped + ", " + state.unsure]);
  if (state.people.length > 1) facts.push(["People", state.people.map((p) => p.who + " " + p.answers).join(", ")]);
  const list = $("facts");
  list.textContent = "";
  for (const [name, value] of facts) {
    const term = document.createElement("dt"), what = document.createElement("dd");
    term.textContent = name;
    what.textContent = value;
    list.append(term, what);
  }
  drawCurve(state.curve);
  $("curve-text").textContent = !truth.pool
    ? "The first estimate comes when the random labels of a batch are in (20 labels at least)."
    : truth.gain && truth.gain.high < 0.005
      ? "A hundred more labels would hardly change it: a good place to stop."
      : "Estimated from random labels, each judged by a model that has not seen it; 95 % intervals.";
  $("doubt-count").textContent = state.suspicious ? "(" + state.suspicious + ")" : "";
  const body = $("counts").tBodies[0];
  body.textContent = "";
  for (const entry of state.classes) {
    const row = body.insertRow();
    row.insertCell().textContent = entry.name;
    row.insertCell().textContent = entry.count;
  }
  if (state.trouble) say(state.trouble);
}

async function refresh() {
  try {
    state = await call("/api/state");
    drawPanel();
    if (!queue.length && view === "single") { await fill(); show(); }
  } catch (error) {
    if (!failing) say(error.status ? error.message : "The server does not answer.");
  }
}

// ---- views and keys ----
function setView(name) {
  view = name;
  for (const other of ["single", "grid", "doubts", "people"]) {
    $(other).hidden = other !== name;
    $("view-" + other).setAttribute("aria-pressed", String(other === name));
  }
  if (name === "grid") loadGrid().catch((error) => say(error.message));
  if (name === "doubts") loadDoubts().catch((error) => say(error.message));
  if (name === "people") loadPeople().catch((error) => say(error.message));
  if (name === "single") show();
}
for (const name of ["single", "grid", "doubts", "people"]) {
  $("view-" + name).addEventListener("click", () => setView(name));
}
$("undo").addEventListener("click", undo);
$("skip").addEventListener("click", () => answer({skip: true}));
$("unsure").addEventListener("click", () => answer({unsure: true}));
$("grid-confirm").addEventListener("click", confirmGrid);
$("grid-class").addEventListener("change", () => loadGrid().catch((error) => say(error.message)));

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const field = event.target.matches("input, select");
  if (field) {
    if (event.key === "Escape" || (event.key === "Enter" && event.target.id === "note")) event.target.blur();
    return;
  }
  const key = event.key.toLowerCase();
  if (key === "g") { setView(view === "grid" ? "single" : "grid"); event.preventDefault(); return; }
  if (key === "z" || key === "backspace") { undo(); event.preventDefault(); return; }
  if (view === "grid") {
    if (event.key === "Enter") { confirmGrid(); event.preventDefault(); }
    else if (moveInGrid(event.key)) event.preventDefault();
    return;
  }
  if (view !== "single") return;
  if (key === "s") answer({skip: true});
  else if (key === "u") answer({unsure: true});
  else if (key === "n") $("note").focus();
  else {
    const place = keys.indexOf(key);
    if (place < 0) return;
    answer({label: classes[place]});
  }
  event.preventDefault();
});

async function start() {
  state = await call("/api/state");
  adopt(state.session);
  classes = state.classes.map((entry) => entry.name);
  keys = [..."123456789"].concat([..."abcdefghijklmnopqrstuvwxyz"].filter((k) => !reserved.has(k)));
  const box = $("classes");
  classes.forEach((label, place) => {
    const button = document.createElement("button");
    button.dataset.label = label;
    const name = document.createElement("span");
    name.textContent = label;
    button.append(name);
    if (keys[place]) {
      const key = document.createElement("kbd");
      key.textContent = keys[place];
      button.append(key);
      button.setAttribute("aria-keyshortcuts", keys[place]);
    }
    button.addEventListener("click", () => { answer({label}); $("work").focus(); });
    box.append(button);
  });
  const select = $("grid-class");
  select.append(new Option("the most frequent", ""));
  for (const label of classes) select.append(new Option(label, label));
  flush();
  drawPanel();
  await fill();
  show();
  setInterval(refresh, 1500);
}
start().catch((error) => say(error.message));
