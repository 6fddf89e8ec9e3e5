// What a frame shows when it is opened, layer over layer. Masks and the rest come from files of many frames each.

/** Layers: title, key, whether it is on, and what it needs to be there. */
const layers = {
  image: { title: "Image", key: "i", isOn: true },
  boxes: { title: "Boxes", key: "b", isOn: true },
  names: { title: "Names", key: "n", isOn: true },
  masks: { title: "Masks", key: "m", isOn: true },
  amodal: { title: "Hidden", key: "a", isOn: false, needs: (shown) => shown.instances.some((one) => one[1]) },
  cubes: { title: "3D boxes", key: "3", isOn: false, needs: (shown) => shown.instances.some((one) => one[2]) },
  keypoints: { title: "Keypoints", key: "k", isOn: false, needs: (shown) => shown.instances.some((one) => one[3]) },
};
const MOST_FILES = 6;
const files = new Map();
/** Of maps and masks, from 0 to 1; and which map is on. */
const blend = { opacity: 0.45, map: "" };
let maskLayer = { frame: -1, hot: -1, key: "", canvas: null };

/** Called by the files of frames. */
window.labelpassFrames = (number, shown) => {
  files.set(number, shown);
  if (files.size > MOST_FILES) files.delete(files.keys().next().value);
  frameArrived();
};

/** Masks, outlines and maps of a frame; null while its file is loading. */
function shownOf(frame) {
  const number = Number(fileNumber(frame));
  if (files.has(number)) return files.get(number)?.[placeInFile(frame)] ?? null;
  files.set(number, null);
  const script = element("script");
  script.src = `frames-${fileNumber(frame)}.js`;
  script.onload = () => script.remove();
  document.head.append(script);
  return null;
}

/** Draws all layers of a frame.
 *
 * @param view {context, left, top, scale, frame, shown, hot}: where its pixels are, and which instance is pointed at
 */
function drawLayers(view) {
  const { context, frame, left, top, scale, shown } = view;
  const width = frames.width[frame] * scale, height = frames.height[frame] * scale;
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  if (layers.image.isOn) drawFrameImage(context, frame, left, top, width, height, false);
  else {
    context.fillStyle = "#111";
    context.fillRect(left, top, width, height);
  }
  if (shown) drawMap(view, width, height);
  if (shown && (layers.masks.isOn || layers.amodal.isOn)) {
    context.imageSmoothingEnabled = false;
    context.drawImage(masksOf(view), left, top, width, height);
  }
  context.restore();
  for (let i = instances.first[frame], number = 0; i < instances.first[frame + 1]; i++, number++) {
    context.globalAlpha = view.hot >= 0 && view.hot !== i ? 0.25 : selection.instances[i] ? 1 : 0.4;
    if (layers.cubes.isOn && shown?.instances[number][2]) drawCube(view, i, shown.instances[number][2]);
    if (layers.boxes.isOn || view.hot === i) drawBox(view, i);
    if (layers.keypoints.isOn && shown?.instances[number][3]) drawKeypoints(view, i, shown.instances[number][3]);
  }
  for (const box of shown?.ignored ?? []) drawIgnored(view, box);
  if (layers.names.isOn) drawNames(view);
  context.globalAlpha = 1;
}

function drawMap({ context, shown, left, top }, width, height) {
  const [file] = shown.maps?.[blend.map] ?? [];
  const map = file && picture(file, false);
  if (!map) return;
  context.globalAlpha = layers.image.isOn ? blend.opacity : 1;
  context.imageSmoothingEnabled = false;
  context.drawImage(map, left, top, width, height);
  context.globalAlpha = 1;
}

/** All masks of a frame as a picture, made again when something of it changes. */
function masksOf({ frame, shown, hot }) {
  const key = [layers.masks.isOn, layers.amodal.isOn, blend.opacity].join();
  if (maskLayer.frame === frame && maskLayer.hot === hot && maskLayer.key === key) return maskLayer.canvas;
  const width = frames.width[frame], height = frames.height[frame];
  const image = new ImageData(width, height);
  const layer = { pixels: new Uint32Array(image.data.buffer), width, height };
  const first = instances.first[frame], order = shown.instances.map((one, number) => number);
  order.sort((one, other) => (first + one === hot) - (first + other === hot));
  if (layers.masks.isOn) for (const number of order) paintVisible(layer, shown, first, number, hot);
  if (layers.amodal.isOn) for (const number of order) paintHidden(layer, shown, first, number, hot);
  const canvas = element("canvas");
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  maskLayer = { frame, hot, key, canvas };
  return canvas;
}

const colourOf = (instance) => categories[instances.category[instance]].colour;

function paintVisible(layer, shown, first, number, hot) {
  const isLit = hot < 0 || hot === first + number, body = 255 * blend.opacity;
  const mask = maskPixels(shown.instances[number][0], layer.pixels.length);
  paintMask(layer, mask, colourOf(first + number), isLit ? body : body / 4, isLit ? 235 : 70, null, false);
}

function paintHidden(layer, shown, first, number, hot) {
  const [rle, amodal] = shown.instances[number];
  if (!amodal || (hot >= 0 && hot !== first + number)) return;
  const own = maskPixels(rle, layer.pixels.length), whole = maskPixels(amodal, layer.pixels.length);
  paintMask(layer, whole, colourOf(first + number), hot < 0 ? 130 : 190, 255, own, true);
}

function drawBox({ context, left, top, scale, hot }, instance) {
  context.beginPath();
  context.rect(left + instances.x[instance] * scale, top + instances.y[instance] * scale, instances.width[instance] * scale, instances.height[instance] * scale);
  strokeTwice(context, colourOf(instance), hot === instance ? 5 : 3.5, hot === instance ? 2.5 : 1.6);
}

/** Corners or keypoints of the file of a frame: x and y in pixels, and of keypoints their visibility. */
function inGroups(places, size) {
  const groups = [];
  for (let at = 0; at < places.length; at += size) {
    groups.push([places[at] / head.tenths, places[at + 1] / head.tenths, ...places.slice(at + 2, at + size)]);
  }
  return groups;
}

/** The corners of a 3D box are numbered by bits, so an edge joins two that differ in one. */
function drawCube({ context, left, top, scale }, instance, places) {
  const corners = inGroups(places, 2);
  context.beginPath();
  for (let low = 0; low < 8; low++) {
    for (const bit of [1, 2, 4]) {
      if (low & bit) continue;
      context.moveTo(left + corners[low][0] * scale, top + corners[low][1] * scale);
      context.lineTo(left + corners[low | bit][0] * scale, top + corners[low | bit][1] * scale);
    }
  }
  strokeTwice(context, colourOf(instance), 3.5, 1.5);
}

/** Visible ones are filled, hidden ones are rings; lines join those of the skeleton. */
function drawKeypoints({ context, left, top, scale }, instance, places) {
  const points = inGroups(places, 3);
  const place = ([x, y]) => [left + x * scale, top + y * scale], colour = colourOf(instance);
  context.beginPath();
  for (const [one, other] of categories[instances.category[instance]].skeleton ?? []) {
    const ends = [points[one - 1], points[other - 1]];
    if (!ends.every((end) => end && end[2])) continue;
    context.moveTo(...place(ends[0]));
    context.lineTo(...place(ends[1]));
  }
  strokeTwice(context, colour, 3.5, 1.6);
  for (const point of points) {
    if (!point[2]) continue;
    context.beginPath();
    context.arc(...place(point), 4, 0, 7);
    if (point[2] === 2) {
      context.fillStyle = colour;
      context.fill();
    }
    strokeTwice(context, point[2] === 2 ? "#fff" : colour, 3.5, 1.6);
  }
}

function drawIgnored({ context, left, top, scale }, [x0, y0, x1, y1]) {
  context.globalAlpha = 1;
  context.setLineDash([4, 4]);
  context.beginPath();
  context.rect(left + x0 * scale, top + y0 * scale, (x1 - x0) * scale, (y1 - y0) * scale);
  strokeTwice(context, "#ddd", 3, 1.25);
  context.setLineDash([]);
}

const LONGEST_NAME = 28;

/** Names above their boxes, or where there is room near them. */
function drawNames({ context, frame, left, top, scale, width, hot }) {
  const { rem } = colours, height = rem * 1.3, taken = [];
  context.font = `550 ${rem * 0.9}px ${colours.font}`;
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (let i = instances.first[frame]; i < instances.first[frame + 1]; i++) {
    if (hot >= 0 && hot !== i) continue;
    const name = instances.names[instances.name[i]], text = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
    const wide = context.measureText(text).width + rem * 0.6;
    const x = Math.max(2, Math.min(width - wide - 2, left + instances.x[i] * scale));
    const above = top + instances.y[i] * scale - height, below = top + (instances.y[i] + instances.height[i]) * scale + 1;
    const isFree = (y) => !taken.some((one) => x < one.x + one.wide && x + wide > one.x && y < one.y + height && y + height > one.y);
    const y = [Math.max(above, top + 1), below, above - height, below + height].find(isFree) ?? above;
    taken.push({ x, y, wide });
    context.globalAlpha = selection.instances[i] ? 1 : 0.5;
    context.fillStyle = colourOf(i);
    context.fillRect(x, y, wide, height);
    context.fillStyle = isLight(colourOf(i)) ? "#111" : "#fff";
    context.fillText(text, x + rem * 0.3, y + height * 0.53);
  }
}
