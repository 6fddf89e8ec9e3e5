// The gallery: of all frames or instances only those in sight are drawn, on one canvas that stays where it is.

const gallery = $("#gallery"), galleryCanvas = $("#gallery canvas");
/** Browsers have a largest height of what scrolls; beyond it the gallery moves faster than the bar. */
const HIGHEST = 8e6;
let tileScale = 1;

function galleryGrid() {
  const width = gallery.clientWidth, height = gallery.clientHeight, { rem } = colours;
  const gap = Math.round(rem * 0.45), padding = Math.round(rem * 0.9), caption = Math.round(rem * 1.45);
  const columns = Math.max(1, Math.floor((width - 2 * padding + gap) / (tileScale * rem * 8.6 + gap)));
  const size = Math.floor((width - 2 * padding - (columns - 1) * gap) / columns), row = size + caption + gap;
  const whole = Math.ceil(listed.items.length / columns) * row + 2 * padding;
  const bar = Math.min(whole, HIGHEST);
  const speed = bar > height ? (whole - height) / (bar - height) : 1;
  return { width, height, gap, padding, caption, columns, size, row, bar, speed, top: gallery.scrollTop * speed };
}

function drawGallery() {
  if (!gallery.offsetParent) return;
  const began = performance.now(), grid = galleryGrid();
  galleryCanvas.style.height = `${grid.height}px`;
  $("#space").style.height = `${Math.max(0, grid.bar - grid.height)}px`;
  const { context } = clearedCanvas(galleryCanvas, grid.width, grid.height);
  context.font = `${(colours.rem * 0.84).toFixed(1)}px ${colours.font}`;
  context.textBaseline = "middle";
  const firstRow = Math.max(0, Math.floor((grid.top - grid.padding) / grid.row));
  for (let at = firstRow * grid.columns; at < listed.items.length; at++) {
    const y = grid.padding + Math.floor(at / grid.columns) * grid.row - grid.top;
    if (y > grid.height) break;
    drawTile(context, grid, at, grid.padding + (at % grid.columns) * (grid.size + grid.gap), y);
  }
  if (!listed.items.length) {
    context.fillStyle = colours.soft;
    context.fillText("Nothing fits these filters. Press Esc to clear them.", grid.padding, grid.padding + colours.rem);
  }
  timing.draw.push(performance.now() - began);
}

function drawTile(context, { size, caption }, at, x, y) {
  const item = listed.items[at];
  if (listed.mode === "frames") {
    drawThumbnail(context, item, x, y, size);
    drawBoxesOver(context, item, x, y, size);
    drawCaption(context, frames.paths[item], String(frames.instances[item]), x, y + size + caption * 0.48, size);
  } else {
    drawCrop(context, item, x, y, size);
    drawCaption(context, instances.names[instances.name[item]], valueOf(item), x, y + size + caption * 0.48, size);
  }
  if (at !== listed.cursor) return;
  context.strokeStyle = colours.accent;
  context.lineWidth = 2.5;
  context.strokeRect(x - 1.5, y - 1.5, size + 3, size + 3);
}

/** What an instance is ordered by, as its caption says it. */
function valueOf(instance) {
  const finding = listed.order === "finding" ? selection.finding?.key : listed.order;
  switch (finding) {
    case "visible": case "hidden": return instances.visible[instance] < 0.001 ? "<0.1%" : inUnit(instances.visible[instance], "share");
    case "outside": return inUnit(instances.outside[instance], "share");
    case "far": return inUnit(instances.distance[instance], "m");
    case "stands_out": case "blends_in": return inUnit(instances.stands_out[instance], "share");
    case "unlit": case "overlit": return inUnit(instances.light[instance], "share");
    case "pieces": case "torn": return counted(instances.pieces[instance], "piece");
    case "narrow": case "long": case "same_box": return `${instances.width[instance]} × ${instances.height[instance]}`;
    default: return `${formatted(instances.area[instance])} px`;
  }
}

function drawCaption(context, left, right, x, y, size) {
  context.fillStyle = colours.soft;
  context.textAlign = "right";
  context.fillText(right, x + size - 1, y);
  const room = size - context.measureText(right).width - 8;
  context.textAlign = "left";
  context.fillText(cutToFit(context, left, room), x + 1, y);
}

function cutToFit(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let length = Math.min(text.length, Math.ceil(room / 3));
  while (length > 0 && context.measureText(`${text.slice(0, length)}…`).width > room) length--;
  return `${text.slice(0, length)}…`;
}

/** The place in the list of what lies below the mouse; -1 for nothing. */
function tileAt(event) {
  const grid = galleryGrid(), bounds = gallery.getBoundingClientRect();
  const x = event.clientX - bounds.left - grid.padding, y = event.clientY - bounds.top + grid.top - grid.padding;
  const column = Math.floor(x / (grid.size + grid.gap)), row = Math.floor(y / grid.row);
  if (x < 0 || y < 0 || column >= grid.columns || x - column * (grid.size + grid.gap) > grid.size) return -1;
  const at = row * grid.columns + column;
  return at < listed.items.length ? at : -1;
}

function openTile(at) {
  listed.cursor = at;
  const item = listed.items[at];
  if (listed.mode === "frames") openFrame(item, -1);
  else openFrame(instances.frame[item], item);
}

function moveCursor(event) {
  const grid = galleryGrid(), page = grid.columns * Math.max(1, Math.floor(grid.height / grid.row));
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: grid.columns, ArrowUp: -grid.columns, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
  const isOpening = event.key === "Enter" && listed.cursor >= 0;
  if (!isOpening && !(event.key in steps && listed.items.length)) return;
  event.preventDefault(); // or Enter would press the button that gets the focus
  if (isOpening) {
    openTile(listed.cursor);
    return;
  }
  const isFirst = listed.cursor < 0 && event.key !== "End";
  const to = isFirst ? 0 : listed.cursor + steps[event.key];
  listed.cursor = Math.max(0, Math.min(listed.items.length - 1, to));
  const y = grid.padding + Math.floor(listed.cursor / grid.columns) * grid.row;
  if (y < grid.top) gallery.scrollTop = (y - grid.padding) / grid.speed;
  else if (y + grid.row > grid.top + grid.height) gallery.scrollTop = (y + grid.row - grid.height) / grid.speed;
  say(describeTile(listed.cursor));
  drawGallery();
}

function describeTile(at) {
  const item = listed.items[at], place = `${formatted(at + 1)} of ${formatted(listed.items.length)}`;
  if (listed.mode === "frames") return `Frame ${frames.paths[item]}, ${counted(frames.instances[item], "instance")}, ${place}`;
  const category = categories[instances.category[item]].name;
  return `${instances.names[instances.name[item]]}, ${category}, ${valueOf(item)}, in frame ${frames.paths[instances.frame[item]]}, ${place}`;
}

function startGallery() {
  painters.push(drawGallery);
  gallery.addEventListener("scroll", repaintSoon);
  gallery.addEventListener("click", (event) => { const at = tileAt(event); if (at >= 0) openTile(at); });
  gallery.addEventListener("keydown", moveCursor);
}
