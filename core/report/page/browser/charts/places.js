// Where things are: centres of boxes in the image as a heat map, and cameras from above.

function addHeatMap(card) {
  card.append(heading("Centres of the boxes", "drag a rectangle"));
  const canvas = element("canvas", "square"), filter = filterOf("centre"), across = head.centres;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  card.append(canvas);
  const map = { canvas, filter, across, from: null, to: null, cursor: -1 };
  canvas.onpointerdown = (event) => { map.from = map.to = cellAt(map, event); canvas.setPointerCapture(event.pointerId); };
  canvas.onpointermove = (event) => {
    const [column, row] = cellAt(map, event);
    if (map.from) { map.to = [column, row]; paintHeatMap(map); }
    showTip(event, counted(inBin(filter, filter.now, row * across + column), "instance"));
  };
  canvas.onpointerleave = (event) => showTip(event, "");
  canvas.onpointerup = () => chooseCells(map);
  canvas.onkeydown = (event) => keyOnHeatMap(event, map);
  charts.push({ box: canvas, filter, paint: () => paintHeatMap(map) });
}

function cellAt({ canvas, across }, event) {
  const bounds = canvas.getBoundingClientRect();
  const cell = (part) => Math.max(0, Math.min(across - 1, Math.floor(part * across)));
  return [cell((event.clientX - bounds.left) / bounds.width), cell((event.clientY - bounds.top) / bounds.height)];
}

function chooseCells(map) {
  if (!map.from) return;
  const { from, to, across, filter } = map, cells = [];
  const [left, right] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
  for (let row = Math.min(from[1], to[1]); row <= Math.max(from[1], to[1]); row++) {
    for (let column = left; column <= right; column++) cells.push(row * across + column);
  }
  map.from = null;
  chooseBins(filter, cells.length === 1 && filter.chosen ? null : cells);
}

function keyOnHeatMap(event, map) {
  const { filter, across } = map, steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across };
  if (event.key === "Enter" && map.cursor >= 0) chooseBins(filter, filter.chosen && filter.chosen[map.cursor] ? null : [map.cursor]);
  else if (event.key in steps) {
    map.cursor = map.cursor < 0 ? 0 : Math.max(0, Math.min(across ** 2 - 1, map.cursor + steps[event.key]));
    say(`Column ${(map.cursor % across) + 1}, row ${Math.floor(map.cursor / across) + 1}: ${counted(inBin(filter, filter.now, map.cursor), "instance")}`);
    paintHeatMap(map);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

function paintHeatMap({ canvas, filter, across, from, to, cursor }) {
  const { context, width, height } = clearedCanvas(canvas), wide = width / across, high = height / across;
  let top = 1;
  for (let cell = 0; cell < across ** 2; cell++) top = Math.max(top, inBin(filter, filter.now, cell));
  for (let cell = 0; cell < across ** 2; cell++) {
    context.globalAlpha = filter.chosen && !filter.chosen[cell] ? 0.3 : 1;
    context.fillStyle = rampColour(inBin(filter, filter.now, cell) / top);
    context.fillRect((cell % across) * wide, Math.floor(cell / across) * high, wide - 0.6, high - 0.6);
  }
  context.globalAlpha = 1;
  context.strokeStyle = colours.accent;
  context.lineWidth = 2;
  if (from) context.strokeRect(Math.min(from[0], to[0]) * wide, Math.min(from[1], to[1]) * high, (Math.abs(from[0] - to[0]) + 1) * wide, (Math.abs(from[1] - to[1]) + 1) * high);
  if (cursor >= 0 && document.activeElement === canvas) context.strokeRect((cursor % across) * wide, Math.floor(cursor / across) * high, wide, high);
  canvas.setAttribute("aria-label", `Heat map of the centres of boxes, at most ${formatted(top)} in a field. Arrow keys walk, Enter chooses.`);
}

function addCameras(card) {
  card.append(heading("Cameras from above", "metres, + the origin"));
  const canvas = element("canvas", "map");
  canvas.setAttribute("role", "img");
  card.append(canvas);
  charts.push({ box: canvas, paint: () => paintCameras(canvas) });
}

function paintCameras(canvas) {
  const { context, width, height } = clearedCanvas(canvas), { camera_x: xs, camera_y: ys } = frames;
  const bounds = { left: 0, right: 0, low: 0, high: 0 };
  let there = 0;
  for (let f = 0; f < frames.count; f++) {
    if (Number.isNaN(xs[f])) continue;
    there++;
    bounds.left = Math.min(bounds.left, xs[f]);
    bounds.right = Math.max(bounds.right, xs[f]);
    bounds.low = Math.min(bounds.low, ys[f]);
    bounds.high = Math.max(bounds.high, ys[f]);
  }
  const metres = Math.max((bounds.right - bounds.left) / width, (bounds.high - bounds.low) / height, 1e-6) * 1.1;
  const view = { context, width, height, metres, x: (bounds.left + bounds.right) / 2, y: (bounds.low + bounds.high) / 2 };
  drawMetres(view);
  drawDots(view, colours.all, 1, (f) => !selection.frames[f]);
  if (shownParts !== "splits") drawDots(view, colours.accent, 0.75, (f) => selection.frames[f]);
  else head.splits.forEach((name, split) => drawDots(view, splitColour(split), 0.75, (f) => selection.frames[f] && frames.split[f] === split));
  const reach = (low, high) => `${inUnit(low, "m")} to ${inUnit(high, "m")}`;
  canvas.setAttribute("aria-label", `Positions of ${counted(there, "camera")} from above: x ${reach(bounds.left, bounds.right)}, y ${reach(bounds.low, bounds.high)}`);
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
