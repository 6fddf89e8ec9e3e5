// Everything by keys, and the list of them.

const KEYS = [
  ["1 2 3", "Gallery, charts, worst first"],
  ["/", "Find"],
  ["V", "Frames or instances"],
  ["S", "Bars: counts by category, or splits side by side"],
  ["+ −", "Larger or smaller thumbnails"],
  ["← → ↑ ↓ Enter", "Walk through the gallery, and open"],
  ["Shift ← →", "In a chart: choose a range"],
  ["Esc", "Close, or clear all filters"],
  ["← →", "In a frame: the one before, and the next one"],
  ["I B N M A 3 K", "In a frame: its layers"],
  ["D", "In a frame: the next map, such as depth"],
  ["C", "In a frame: copy its link"],
  ["0", "In a frame: fit; the wheel zooms, and dragging moves"],
];

function startKeys() {
  const list = $("#help dl");
  for (const [keys, text] of KEYS) {
    const term = element("dt");
    term.append(...keys.split(" ").map((key) => element("kbd", "", key)));
    list.append(term, element("dd", "", text));
  }
  $("#show-keys").onclick = () => $("#help").classList.add("open");
  $("#help").onclick = () => $("#help").classList.remove("open");
  addEventListener("keydown", onKey);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.tagName === "INPUT" && event.target.type === "search") {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const key = event.key.toLowerCase(), help = $("#help").classList;
  if (help.contains("open")) help.remove("open");
  else if (key === "?") help.add("open");
  else if (opened.frame >= 0) keyInFrame(event, key);
  else keyOnPage(event, key);
}

function keyInFrame(event, key) {
  const isSlider = event.target.type === "range";
  if (key === "escape") closeFrame();
  else if (key === "arrowright" && !isSlider) stepFrame(1);
  else if (key === "arrowleft" && !isSlider) stepFrame(-1);
  else if (key === "0") fitFrame();
  else if (key === "d") nextMap();
  else if (key === "c") copyText(location.href, $("#copy-link"));
  else if (key === "tab") keepFocus(event);
  else {
    const name = Object.keys(layers).find((one) => layers[one].key === key);
    if (name) toggleLayer(name);
  }
}

/** The page below an open frame cannot be reached by Tab. */
function keepFocus(event) {
  const all = [...frameBox.querySelectorAll(FOCUSABLE)];
  const end = event.shiftKey ? all[0] : all.at(-1);
  if (document.activeElement !== end && frameBox.contains(document.activeElement)) return;
  event.preventDefault();
  (event.shiftKey ? all.at(-1) : all[0]).focus();
}

function keyOnPage(event, key) {
  if ("123".includes(key)) showView(["gallery", "charts", "worst"][key - 1]);
  else if (key === "/") {
    event.preventDefault();
    $("#find").focus();
  } else if (key === "s" && head.splits.length > 1) showParts(shownParts === "splits" ? "categories" : "splits");
  else if (key === "v") changeMode(listed.mode === "frames" ? "instances" : "frames");
  else if (key === "+" || key === "=" || key === "-") {
    tileScale = Math.max(0.5, Math.min(3, tileScale * (key === "-" ? 0.8 : 1.25)));
    drawGallery();
  } else if (key === "escape") {
    clearFilters();
    changed();
  }
}
