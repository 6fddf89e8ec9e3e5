// Thumbnails, images and crops on canvases. Pictures are loaded when they are first wanted, and drawn when they come.

const colours = {};
const MOST_PICTURES = 160, MOST_LOADING = 8;
const loaded = new Map();
let loading = 0, redrawWanted = 0;
/** What draws pictures, called again when one has come. */
const painters = [];

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["tile", "soft", "faint", "accent", "accent-soft", "all", "line", "line-strong", "panel", "text", "ramp-0", "ramp-1", "ramp-2", "ramp-3"]) {
    colours[name] = style.getPropertyValue(`--${name}`).trim();
  }
  colours.rem = parseFloat(style.fontSize);
  colours.font = getComputedStyle(document.body).fontFamily;
}

function repaintSoon() {
  redrawWanted ||= requestAnimationFrame(() => {
    redrawWanted = 0;
    for (const paint of painters) paint();
  });
}

/** An image, or null while it is not there. `patient`: it can wait while many are loading. */
function picture(address, patient) {
  const found = loaded.get(address);
  if (found) {
    loaded.delete(address); // what was used last stays longest
    loaded.set(address, found);
    return found.isThere ? found.image : null;
  }
  if (patient && loading >= MOST_LOADING) return null;
  const entry = { image: new Image(), isThere: false, isMissing: false };
  const ended = () => { loading--; repaintSoon(); };
  entry.image.onload = () => { entry.isThere = true; ended(); };
  entry.image.onerror = () => { entry.isMissing = true; ended(); };
  loading++;
  entry.image.src = address;
  loaded.set(address, entry);
  if (loaded.size > MOST_PICTURES) loaded.delete(loaded.keys().next().value);
  return null;
}

const isMissing = (address) => loaded.get(address)?.isMissing === true;

/** Where a frame stands among those of its file: its thumbnail in a sheet, and its layers. */
const placeInFile = (frame) => frames.tile[frame] % head.sheet.across ** 2;

const fileNumber = (frame) => String(Math.floor(frames.tile[frame] / head.sheet.across ** 2)).padStart(4, "0");

const sheetOf = (frame) => picture(`sheet-${fileNumber(frame)}.jpg`);

/** Where the thumbnail of a frame lies in its sheet: the whole tile, and the part that the image covers. */
function tileOf(frame) {
  const { across, side } = head.sheet, place = placeInFile(frame);
  const [width, height] = [frames.width[frame], frames.height[frame]], scale = side / Math.max(width, height);
  const x = (place % across) * side, y = Math.floor(place / across) * side;
  const [drawnWidth, drawnHeight] = [width * scale, height * scale];
  return { x, y, side, scale, left: x + (side - drawnWidth) / 2, top: y + (side - drawnHeight) / 2, drawnWidth, drawnHeight };
}

function drawThumbnail(context, frame, x, y, size) {
  context.fillStyle = colours.tile;
  context.fillRect(x, y, size, size);
  const sheet = sheetOf(frame), tile = tileOf(frame);
  if (sheet) context.drawImage(sheet, tile.x, tile.y, tile.side, tile.side, x, y, size, size);
  if (frames.image[frame] !== 0) writeMissing(context, frame, x, y, size);
}

const IMAGE_STATES = ["", "no image", "cannot be read", "other size"];

function writeMissing(context, frame, x, y, size) {
  context.fillStyle = colours.soft;
  context.textAlign = "center";
  context.fillText(IMAGE_STATES[frames.image[frame]], x + size / 2, y + size / 2, size);
  context.textAlign = "left";
}

/** Boxes of the selected instances of a frame over its thumbnail, those of a category at once. */
function drawBoxesOver(context, frame, x, y, size) {
  const width = frames.width[frame], height = frames.height[frame], scale = size / Math.max(width, height);
  const left = x + (size - width * scale) / 2, top = y + (size - height * scale) / 2;
  const begin = instances.first[frame], end = instances.first[frame + 1];
  const there = new Set();
  for (let i = begin; i < end; i++) if (selection.instances[i]) there.add(instances.category[i]);
  for (const category of there) {
    context.beginPath();
    for (let i = begin; i < end; i++) {
      if (instances.category[i] !== category || !selection.instances[i]) continue;
      context.rect(left + instances.x[i] * scale, top + instances.y[i] * scale, instances.width[i] * scale, instances.height[i] * scale);
    }
    strokeTwice(context, categories[category].colour, 3, 1.25);
  }
}

/** A line in a colour with a dark one below it, so that it is seen on any image. */
function strokeTwice(context, colour, below, above) {
  context.lineWidth = below;
  context.strokeStyle = "rgba(0,0,0,.5)";
  context.stroke();
  context.lineWidth = above;
  context.strokeStyle = colour;
  context.stroke();
}

/** An instance with what is around it. At least a sixth of the image is shown, or nobody sees what it is. */
function cropOf(instance) {
  const frame = instances.frame[instance], width = frames.width[frame], height = frames.height[frame];
  const longer = Math.max(width, height), own = Math.max(instances.width[instance], instances.height[instance]);
  const side = Math.min(Math.max(own * 1.5, longer / 6), longer);
  const middle = (from, size) => from + size / 2 - side / 2;
  const within = (place, size) => Math.max(Math.min(0, size - side), Math.min(size - side, place));
  return {
    frame, side,
    x: within(middle(instances.x[instance], instances.width[instance]), width),
    y: within(middle(instances.y[instance], instances.height[instance]), height),
  };
}

/** Draws an instance; returns whether it is as sharp as it gets. */
function drawCrop(context, instance, x, y, size) {
  const crop = cropOf(instance), { frame } = crop, scale = size / crop.side;
  const width = frames.width[frame], height = frames.height[frame];
  context.save();
  context.beginPath();
  context.rect(x, y, size, size);
  context.clip();
  context.fillStyle = colours.tile;
  context.fillRect(x, y, size, size);
  const isSharp = drawFrameImage(context, frame, x - crop.x * scale, y - crop.y * scale, width * scale, height * scale, true);
  context.beginPath();
  context.rect(x + (instances.x[instance] - crop.x) * scale, y + (instances.y[instance] - crop.y) * scale,
    instances.width[instance] * scale, instances.height[instance] * scale);
  strokeTwice(context, categories[instances.category[instance]].colour, 3, 1.25);
  context.restore();
  return isSharp;
}

/** Draws the image of a frame, or its thumbnail while that is not there; returns whether it was the image. */
function drawFrameImage(context, frame, x, y, width, height, patient) {
  const address = imageOf(frame), image = frames.image[frame] === 0 ? picture(address, patient) : null;
  context.imageSmoothingEnabled = !image || width < 3 * frames.width[frame];
  if (image) {
    context.drawImage(image, x, y, width, height);
    return true;
  }
  const sheet = sheetOf(frame), tile = tileOf(frame);
  if (sheet) context.drawImage(sheet, tile.left, tile.top, tile.drawnWidth, tile.drawnHeight, x, y, width, height);
  return frames.image[frame] !== 0 || isMissing(address);
}

/** Makes a canvas as sharp as the screen, and empty; returns its context and its size in CSS pixels. */
function clearedCanvas(canvas, width = canvas.clientWidth, height = canvas.clientHeight) {
  const ratio = devicePixelRatio || 1;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** Whether black reads better on a colour than white. */
function isLight(hex) {
  const [red, green, blue] = channels(hex);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140;
}

/** A colour for a share from 0 to 1: light to dark on paper, dark to light on a dark screen. */
function rampColour(share) {
  const place = Math.max(0, Math.min(1, share)) * 2.999, step = place | 0, part = place - step;
  const [low, high] = [channels(colours[`ramp-${step}`]), channels(colours[`ramp-${step + 1}`])];
  return `rgb(${low.map((value, i) => Math.round(value + (high[i] - value) * part))})`;
}
