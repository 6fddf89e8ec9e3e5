// The data of the page, see columns.py: numbers of all frames and all instances as typed arrays.

const head = JSON.parse($("#head").textContent);
const frames = { count: head.frames, paths: [], images: null };
const instances = { count: head.instances, names: [] };
const categories = head.categories;

/** Undoes deflate and base64. */
function inflated(id) {
  const packed = atob($(id).textContent);
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")));
}

async function readData() {
  const [block, texts] = await Promise.all([inflated("#columns").arrayBuffer(), inflated("#texts").json()]);
  const bytes = new Uint8Array(block);
  let at = 0;
  for (const [name, width, count, first, step, missing] of head.columns) {
    const stored = fromPlanes(bytes, at, width, count);
    at += width * count;
    place(name, scaled(stored, first, step, missing));
  }
  Object.assign(frames, { paths: texts.paths, images: texts.images, suffixes: texts.suffixes, notes: texts.notes });
  instances.names = texts.names;
  addDerived();
}

function fromPlanes(bytes, at, width, count) {
  if (width === 1) return bytes.subarray(at, at + count);
  const numbers = width === 2 ? new Uint16Array(count) : new Uint32Array(count);
  for (let plane = 0; plane < width; plane++) {
    const shift = 8 * plane, begin = at + plane * count;
    for (let i = 0; i < count; i++) numbers[i] |= bytes[begin + i] << shift;
  }
  return numbers;
}

function scaled(stored, first, step, missing) {
  if (first === 0 && step === 1 && missing === null) return stored;
  const whole = Number.isInteger(first) && step === 1 && missing === null;
  const values = whole ? new Int32Array(stored.length) : new Float64Array(stored.length);
  for (let i = 0; i < values.length; i++) values[i] = stored[i] === missing ? NaN : first + stored[i] * step;
  return values;
}

/** Puts a column where it belongs: "frames.width", "instances.area", "finding_3". */
function place(name, values) {
  const [owner, own] = name.split(".");
  if (own) (owner === "frames" ? frames : instances)[own] = values;
  else head.findings[+owner.slice("finding_".length)].items = values;
}

/** Where the instances of each frame begin, the frame of each instance, and what filters need besides columns. */
function addDerived() {
  const first = new Uint32Array(frames.count + 1), frame = new Uint32Array(instances.count);
  for (let f = 0; f < frames.count; f++) {
    first[f + 1] = first[f] + frames.instances[f];
    frame.fill(f, first[f], first[f + 1]);
  }
  Object.assign(instances, { first, frame });
  const side = (instances.side = new Float64Array(instances.count));
  const aspect = (instances.aspect = new Float64Array(instances.count));
  const centre = (instances.centre = new Uint8Array(instances.count)), across = head.centres;
  const { x, y, width, height, area } = instances;
  for (let i = 0; i < instances.count; i++) {
    const f = frame[i];
    side[i] = Math.sqrt(area[i]);
    aspect[i] = width[i] / height[i];
    const column = ((x[i] + width[i] / 2) / frames.width[f]) * across;
    const row = ((y[i] + height[i] / 2) / frames.height[f]) * across;
    centre[i] = Math.min(across - 1, row | 0) * across + Math.min(across - 1, column | 0);
  }
  for (const finding of head.findings) finding.items ??= [];
  addCameraFields();
}

/** Divides the places of cameras, seen from above, into square fields, row by row from the left end of the far one; the
 * last field has the frames without a camera. */
function addCameraFields() {
  const { camera_x: xs, camera_y: ys } = frames, [across, down] = head.cameras;
  let [left, right, low, high] = [0, 0, 0, 0]; // with the origin
  for (let f = 0; f < frames.count; f++) {
    if (Number.isNaN(xs[f])) continue;
    left = Math.min(left, xs[f]);
    right = Math.max(right, xs[f]);
    low = Math.min(low, ys[f]);
    high = Math.max(high, ys[f]);
  }
  const side = 1.1 * Math.max((right - left) / across, (high - low) / down, 1e-6);
  const map = (frames.cameraMap = { side, left: (left + right - side * across) / 2, top: (low + high + side * down) / 2, bounds: [left, right, low, high] });
  frames.camera_field = new Uint16Array(frames.count).fill(across * down);
  for (let f = 0; f < frames.count; f++) {
    if (!Number.isNaN(xs[f])) frames.camera_field[f] = Math.floor((map.top - ys[f]) / side) * across + Math.floor((xs[f] - map.left) / side);
  }
}

/** The address of the image of a frame. */
function imageOf(frame) {
  const kind = Array.isArray(frames.images) ? frames.images[frame] : frames.images;
  return head.root + (typeof kind === "string" ? kind : `images/${frames.paths[frame]}${frames.suffixes[kind]}`);
}

const known = (values) => values !== undefined && values.some((value) => !Number.isNaN(value));
