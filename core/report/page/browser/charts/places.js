// Where things are: centres of boxes in the image as a heat map, and cameras from above. Both are fields to choose from.

function addHeatMap(card) {
  card.append(heading("Centres of the boxes", "drag a rectangle"));
  addMap(card, "square", { filter: filterOf("centre"), across: head.centres, down: head.centres, paint: paintHeatMap });
}

function addCameras(card) {
  card.append(heading("Cameras from above", "metres · drag a rectangle"));
  const [across, down] = head.cameras;
  addMap(card, "map", { filter: filterOf("camera"), across, down, paint: paintCameras });
}

/** A canvas of fields, of which a rectangle can be chosen, or one by keys. */
function addMap(card, className, about) {
  const canvas = element("canvas", className);
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  card.append(canvas);
  const map = { ...about, canvas, from: null, to: null, cursor: -1 }, { filter, across } = map;
  canvas.onpointerdown = (event) => { map.from = map.to = fieldOf(map, event); canvas.setPointerCapture(event.pointerId); };
  canvas.onpointermove = (event) => {
    const [column, row] = fieldOf(map, event);
    if (map.from) { map.to = [column, row]; map.paint(map); }
    showTip(event, countText(filter, row * across + column));
  };
  canvas.onpointerleave = (event) => showTip(event, "");
  canvas.onpointerup = () => chooseFields(map);
  canvas.onkeydown = (event) => keyOnMap(event, map);
  charts.push({ box: canvas, filter, paint: () => map.paint(map) });
}

const countText = (filter, field) => counted(inBin(filter, filter.now, field), filter.ofFrames ? "image" : "instance");

function fieldOf({ canvas, across, down }, event) {
  const bounds = canvas.getBoundingClientRect();
  const place = (part, count) => Math.max(0, Math.min(count - 1, Math.floor(part * count)));
  return [place((event.clientX - bounds.left) / bounds.width, across), place((event.clientY - bounds.top) / bounds.height, down)];
}

function chooseFields(map) {
  if (!map.from) return;
  const { from, to, across, filter } = map, fields = [];
  const [left, right] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
  for (let row = Math.min(from[1], to[1]); row <= Math.max(from[1], to[1]); row++) {
    for (let column = left; column <= right; column++) fields.push(row * across + column);
  }
  map.from = null;
  chooseBins(filter, fields.length === 1 && filter.chosen ? null : fields);
}

function keyOnMap(event, map) {
  const { filter, across, down } = map, steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across };
  if (event.key === "Enter" && map.cursor >= 0) chooseBins(filter, filter.chosen && filter.chosen[map.cursor] ? null : [map.cursor]);
  else if (event.key in steps) {
    map.cursor = map.cursor < 0 ? 0 : Math.max(0, Math.min(across * down - 1, map.cursor + steps[event.key]));
    say(`Column ${(map.cursor % across) + 1}, row ${Math.floor(map.cursor / across) + 1}: ${countText(filter, map.cursor)}`);
    map.paint(map);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/** The rectangle that is being dragged, and the field that the keys are at. */
function outlineFields(context, { canvas, across, from, to, cursor }, wide, high) {
  Object.assign(context, { globalAlpha: 1, strokeStyle: colours.accent, lineWidth: 2 });
  if (from) context.strokeRect(Math.min(from[0], to[0]) * wide, Math.min(from[1], to[1]) * high, (Math.abs(from[0] - to[0]) + 1) * wide, (Math.abs(from[1] - to[1]) + 1) * high);
  if (cursor >= 0 && document.activeElement === canvas) context.strokeRect((cursor % across) * wide, Math.floor(cursor / across) * high, wide, high);
}

function paintHeatMap(map) {
  const { canvas, filter, across } = map, { context, width, height } = clearedCanvas(canvas);
  const wide = width / across, high = height / across;
  let top = 1;
  for (let cell = 0; cell < across ** 2; cell++) top = Math.max(top, inBin(filter, filter.now, cell));
  for (let cell = 0; cell < across ** 2; cell++) {
    context.globalAlpha = filter.chosen && !filter.chosen[cell] ? 0.3 : 1;
    context.fillStyle = rampColour(inBin(filter, filter.now, cell) / top);
    context.fillRect((cell % across) * wide, Math.floor(cell / across) * high, wide - 0.6, high - 0.6);
  }
  outlineFields(context, map, wide, high);
  canvas.setAttribute("aria-label", `Heat map of the centres of boxes, at most ${formatted(top)} in a field. Arrow keys walk, Enter chooses.`);
}

function paintCameras(map) {
  const { canvas, filter, across, down } = map, { context, width, height } = clearedCanvas(canvas);
  const { side, left, top, bounds } = frames.cameraMap, wide = width / across, high = height / down;
  context.fillStyle = colours["accent-soft"];
  for (const field of chosenBins(filter)) context.fillRect((field % across) * wide, Math.floor(field / across) * high, wide, high);
  const view = { context, width, height, metres: side / wide, x: left + (side * across) / 2, y: top - (side * down) / 2 };
  drawMetres(view);
  drawDots(view, colours.all, 1, (f) => !selection.frames[f]);
  if (shownParts !== "splits") drawDots(view, colours.accent, 0.75, (f) => selection.frames[f]);
  else head.splits.forEach((name, split) => drawDots(view, splitColour(split), 0.75, (f) => selection.frames[f] && frames.split[f] === split));
  outlineFields(context, map, wide, high);
  const there = frames.count - inBin(filter, filter.all, across * down), [west, east, south, north] = bounds;
  const reach = (from, to) => `${inUnit(from, "m")} to ${inUnit(to, "m")}`;
  canvas.setAttribute("aria-label", `Positions of ${counted(there, "camera")} from above: x ${reach(west, east)}, y ${reach(south, north)}. Arrow keys walk, Enter chooses.`);
}

/** Cameras of some frames as dots. */
function drawDots({ context, width, height, metres, x, y }, colour, opacity, isShown) {
  context.fillStyle = colour;
  context.globalAlpha = opacity;
  context.beginPath();
  for (let f = 0; f < frames.count; f++) {
    if (Number.isNaN(frames.camera_x[f]) || !isShown(f)) continue;
    const across = (frames.camera_x[f] - x) / metres + width / 2, down = height / 2 - (frames.camera_y[f] - y) / metres;
    context.moveTo(across + 2.4, down);
    context.arc(across, down, 2.4, 0, 7);
  }
  context.fill();
  context.globalAlpha = 1;
}

/** Lines at round numbers of metres, and a cross at the origin. */
function drawMetres({ context, width, height, metres, x, y }) {
  const raw = (metres * width) / 5, unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((times) => times * unit >= raw) * unit;
  Object.assign(context, { strokeStyle: colours.line, fillStyle: colours.soft, lineWidth: 1, font: `${colours.rem * 0.76}px ${colours.font}` });
  const across = (value) => (value - x) / metres + width / 2, down = (value) => height / 2 - (value - y) / metres;
  const line = (fromX, fromY, toX, toY) => { context.beginPath(); context.moveTo(fromX, fromY); context.lineTo(toX, toY); context.stroke(); };
  for (let value = Math.ceil((x - (metres * width) / 2) / step) * step; value <= x + (metres * width) / 2; value += step) {
    line(across(value), 0, across(value), height);
    context.fillText(String(+value.toFixed(3)), across(value) + 3, height - 4);
  }
  for (let value = Math.ceil((y - (metres * height) / 2) / step) * step; value <= y + (metres * height) / 2; value += step) {
    line(0, down(value), width, down(value));
    if (down(value) < height - 16) context.fillText(String(+value.toFixed(3)), 3, down(value) - 3);
  }
  Object.assign(context, { strokeStyle: colours.soft, lineWidth: 1.5 });
  line(across(0) - 6, down(0), across(0) + 6, down(0));
  line(across(0), down(0) - 6, across(0), down(0) + 6);
}
