// One frame at full size, with the facts of it and of its instances. `#frame=PATH` in the address leads to it.

const opened = { frame: -1, hot: -1, zoom: 1, x: 0, y: 0, focusBefore: null, showsDrawn: false };
const frameBox = $("#frame"), pictureBox = $("#picture"), pictureCanvas = $("#picture canvas");
const FARTHEST_ZOOM = 24, FOCUSABLE = "button, input, summary";

function openFrame(frame, instance) {
  if (opened.frame < 0) opened.focusBefore = document.activeElement;
  Object.assign(opened, { frame, hot: instance, zoom: 1, x: 0, y: 0 });
  frameBox.classList.add("open");
  history.replaceState(null, "", `#frame=${encodeURIComponent(frames.paths[frame])}`);
  writeFrame();
  drawFrame();
  $("#close-frame").focus();
  const order = framesInOrder(), place = order.indexOf(frame);
  const near = place < 0 ? [] : [order[place + 1], order[place - 1]];
  for (const next of near) if (next !== undefined && frames.image[next] === 0) picture(imageOf(next), true);
}

function closeFrame() {
  opened.frame = -1;
  frameBox.classList.remove("open");
  history.replaceState(null, "", location.pathname + location.search);
  (opened.focusBefore?.isConnected ? opened.focusBefore : gallery).focus({ preventScroll: true });
  repaintSoon();
}

/** Opens the frame that the address names, if any. */
function openFromAddress() {
  const found = /^#frame=(.+)$/.exec(location.hash);
  if (!found) return;
  let path = found[1];
  try { path = decodeURIComponent(path); } catch { /* a name that was cut off: as it stands */ }
  const frame = frames.paths.indexOf(path);
  if (frame >= 0 && frame !== opened.frame) openFrame(frame, -1);
}

function stepFrame(step) {
  const order = framesInOrder(), place = order.indexOf(opened.frame);
  if (!order.length) return;
  const next = place < 0 ? (step > 0 ? 0 : order.length - 1) : (place + step + order.length) % order.length;
  if (listed.mode === "frames") listed.cursor = next;
  openFrame(order[next], -1);
  say(`Frame ${frames.paths[order[next]]}`);
}

/** The file of a frame has come. */
function frameArrived() {
  if (opened.frame < 0) return;
  writeFrame();
  drawFrame();
}

function drawFrame() {
  if (opened.frame < 0) return;
  const { frame, zoom, hot } = opened, { context, width, height } = clearedCanvas(pictureCanvas);
  const fit = Math.min(width / frames.width[frame], height / frames.height[frame]) * 0.96, scale = fit * zoom;
  const left = width / 2 - (frames.width[frame] * scale) / 2 + opened.x, top = height / 2 - (frames.height[frame] * scale) / 2 + opened.y;
  drawLayers({ context, width, height, frame, left, top, scale, hot, shown: shownOf(frame) });
  pictureCanvas.setAttribute("aria-label", `Frame ${frames.paths[frame]} with ${counted(frames.instances[frame], "instance")}`);
}

function writeFrame() {
  const bar = $("#frame-bar"), facts = $("#frame-facts"), shown = shownOf(opened.frame);
  const focused = focusOf(document.activeElement);
  bar.replaceChildren(...frameBar(shown));
  facts.replaceChildren(...frameFacts(shown));
  if (focused) [...frameBox.querySelectorAll(FOCUSABLE)].find((made) => focusOf(made) === focused)?.focus();
}

/** What tells an element of the frame from the others, before and after they are made anew. */
const focusOf = (made) => made?.id || (made?.tagName === "SUMMARY" && "drawn") || made?.dataset?.layer || made?.dataset?.instance || made?.getAttribute?.("aria-label");

function frameBar(shown) {
  const { frame } = opened, order = framesInOrder(), place = order.indexOf(frame);
  const close = withKey(button("button", "Close", closeFrame), "Esc");
  close.id = "close-frame";
  const before = button("button", "←", () => stepFrame(-1)), after = button("button", "→", () => stepFrame(1));
  before.setAttribute("aria-label", "Previous frame");
  after.setAttribute("aria-label", "Next frame");
  const where = place < 0 ? "not in the selection" : `${formatted(place + 1)} of ${formatted(order.length)}`;
  const copy = withKey(button("button", "Link", () => copyText(location.href, copy)), "C");
  copy.id = "copy-link";
  copy.title = "Copy the address of this frame";
  return [close, before, after, nameElement(frames.paths[frame]), element("span", "soft", where), element("span", "grow"),
    ...layersOf(shown).map(([name, layer]) => layerButton(name, layer)), ...mapButtons(shown), opacitySlider(), copy];
}

function withKey(made, key) {
  made.append(element("kbd", "", key));
  return made;
}

/** The layers that the frame has something for. */
const layersOf = (shown) => Object.entries(layers).filter(([, layer]) => !layer.needs || !shown || layer.needs(shown));

function layerButton(name, layer) {
  const made = withKey(button("layer", layer.title, () => toggleLayer(name)), layer.key.toUpperCase());
  made.dataset.layer = name;
  made.setAttribute("aria-pressed", layer.isOn);
  return made;
}

/** Maps take turns: one at most is on. */
function mapButtons(shown) {
  return Object.entries(shown?.maps ?? {}).map(([title, [, note]]) => {
    const made = button("layer", title, () => toggleMap(title));
    made.dataset.layer = title;
    made.title = note;
    made.setAttribute("aria-pressed", blend.map === title);
    return made;
  });
}

function opacitySlider() {
  const label = element("label", "opacity soft", "Blend"), slider = element("input");
  Object.assign(slider, { type: "range", min: 0.05, max: 1, step: 0.05, value: blend.opacity, title: "How much masks and maps cover" });
  slider.oninput = () => { blend.opacity = Number(slider.value); drawFrame(); };
  slider.setAttribute("aria-label", slider.title);
  label.append(slider);
  return label;
}

function toggleLayer(name) {
  layers[name].isOn = !layers[name].isOn;
  writeFrame();
  drawFrame();
}

function toggleMap(title) {
  blend.map = blend.map === title ? "" : title;
  writeFrame();
  drawFrame();
}

/** D goes through the maps of the frame. */
function nextMap() {
  const titles = ["", ...Object.keys(shownOf(opened.frame)?.maps ?? {})];
  blend.map = titles[(titles.indexOf(blend.map) + 1) % titles.length];
  writeFrame();
  drawFrame();
}

function frameFacts(shown) {
  const { frame } = opened, list = element("dl");
  const fact = (title, text) => { list.append(element("dt", "", title), element("dd", "", text)); };
  fact("Size", `${frames.width[frame]} × ${frames.height[frame]} px`);
  if (head.splits.length > 1) fact("Split", head.splits[frames.split[frame]]);
  if (head.sequences.length > 1) fact("Sequence", head.sequences[frames.sequence[frame]]);
  if (!Number.isNaN(frames.brightness[frame])) fact("Light", `brightness ${inUnit(frames.brightness[frame], "share")}, contrast ${inUnit(frames.contrast[frame], "share")}`);
  if (!Number.isNaN(frames.camera_x[frame])) fact("Camera", cameraText(frame));
  if (frames.dropped[frame]) fact("Left out", counted(frames.dropped[frame], "instance"));
  if (shown?.maps?.[blend.map]?.[1]) fact(blend.map, shown.maps[blend.map][1]);
  const why = element("div", "why");
  for (const reason of reasonsOf(frame)) why.append(element("span", "tag", reason));
  const notes = (frames.notes[frame] ?? []).map((text) => element("p", "note", text));
  return [list, why, ...notes, ...drawnFacts(frame), heading(counted(frames.instances[frame], "instance"), "point to find, click to zoom"), ...instanceRows(frame)];
}

/** What was drawn at random for a frame, closed until it is wanted, since it may be much. */
function drawnFacts(frame) {
  const drawn = filters.filter((filter) => filter.key.startsWith("drawn_"));
  if (!drawn.length) return [];
  const made = element("details"), list = element("dl");
  for (const filter of drawn) list.append(element("dt", "", filter.title), element("dd", "", drawnText(filter, frame)));
  const title = element("summary", "", "Drawn at random");
  made.append(title, list);
  made.open = opened.showsDrawn;
  title.onclick = () => { opened.showsDrawn = !made.open; };
  return [made];
}

function cameraText(frame) {
  const place = ["x", "y", "z"].map((axis) => +frames[`camera_${axis}`][frame].toFixed(2)).join(", ");
  const lens = frames.lens[frame];
  return `${Number.isNaN(lens) ? "" : `${inUnit(lens, "mm")}, `}at ${place} m`;
}

function drawnText(filter, frame) {
  const value = frames[filter.column][frame];
  return filter.labels.length ? filter.labels[value] : inUnit(value, filter.unit);
}

function instanceRows(frame) {
  const rows = [];
  for (let i = instances.first[frame]; i < instances.first[frame + 1]; i++) rows.push(instanceRow(i));
  return rows;
}

function instanceRow(i) {
  const row = button("instance", undefined, () => zoomTo(i)), swatch = element("i", "swatch");
  swatch.style.background = colourOf(i);
  row.dataset.instance = i;
  row.classList.toggle("dim", !selection.instances[i]);
  row.classList.toggle("hot", i === opened.hot);
  const details = element("span", "soft", detailsOf(i).join(" · "));
  for (const finding of head.findings) {
    if (finding.of === "instances" && inFinding(finding).has(i)) details.append(element("span", "tag", finding.key.replaceAll("_", " ")));
  }
  row.append(swatch, nameElement(instances.names[instances.name[i]]), element("span", "soft", `${formatted(instances.area[i])} px`), details);
  row.onpointerenter = row.onfocus = () => pointAt(i);
  row.onpointerleave = row.onblur = () => pointAt(-1);
  return row;
}

function detailsOf(i) {
  const details = [categories[instances.category[i]].name, `${instances.width[i]} × ${instances.height[i]}`];
  if (instances.visible[i] < 0.995) details.push(`${inUnit(instances.visible[i], "share")} visible`);
  if (instances.outside[i] > 0.005) details.push(`${inUnit(instances.outside[i], "share")} outside`);
  else if (instances.at_border[i]) details.push("touches the border");
  if (!Number.isNaN(instances.distance[i])) details.push(inUnit(instances.distance[i], "m"));
  return details;
}

function pointAt(instance) {
  opened.hot = instance;
  for (const row of document.querySelectorAll("#frame-facts .instance")) row.classList.toggle("hot", Number(row.dataset.instance) === instance);
  drawFrame();
}

function zoomTo(i) {
  const { frame } = opened, bounds = pictureBox.getBoundingClientRect();
  const width = frames.width[frame], height = frames.height[frame], fit = Math.min(bounds.width / width, bounds.height / height) * 0.96;
  const zoom = 0.5 * Math.min(width / instances.width[i], height / instances.height[i]);
  opened.zoom = Math.min(14, Math.max(1, zoom));
  opened.x = (width / 2 - instances.x[i] - instances.width[i] / 2) * fit * opened.zoom;
  opened.y = (height / 2 - instances.y[i] - instances.height[i] / 2) * fit * opened.zoom;
  drawFrame();
}

function fitFrame() {
  Object.assign(opened, { zoom: 1, x: 0, y: 0 });
  drawFrame();
}

function zoomAt(event) {
  event.preventDefault();
  const bounds = pictureBox.getBoundingClientRect();
  const x = event.clientX - bounds.left - bounds.width / 2, y = event.clientY - bounds.top - bounds.height / 2;
  const zoom = Math.max(1, Math.min(FARTHEST_ZOOM, opened.zoom * Math.exp(-event.deltaY / 400))), times = zoom / opened.zoom;
  Object.assign(opened, zoom === 1 ? { zoom, x: 0, y: 0 } : { zoom, x: x - (x - opened.x) * times, y: y - (y - opened.y) * times });
  drawFrame();
}

function startFrameView() {
  painters.push(drawFrame);
  pictureBox.addEventListener("wheel", zoomAt, { passive: false });
  pictureBox.addEventListener("dblclick", fitFrame);
  pictureBox.addEventListener("pointermove", (event) => {
    if (!(event.buttons & 1)) return;
    opened.x += event.movementX;
    opened.y += event.movementY;
    drawFrame();
  });
  addEventListener("hashchange", openFromAddress);
}
