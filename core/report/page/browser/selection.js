// What the gallery shows of the selection, in which order, and what was chosen last.

const listed = { mode: "frames", order: "order", items: new Uint32Array(0), cursor: -1 };

/** Orders of both modes: name, title, and what is lowest first. */
const ORDERS = {
  frames: [
    ["order", "In order", null],
    ["score", "Worst first", (f) => -frames.score[f]],
    ["many", "Most instances", (f) => -frames.instances[f]],
    ["few", "Fewest instances", (f) => frames.instances[f]],
    ["dark", "Darkest", (f) => frames.brightness[f]],
    ["bright", "Brightest", (f) => -frames.brightness[f]],
  ],
  instances: [
    ["order", "In order", null],
    ["small", "Smallest", (i) => instances.area[i]],
    ["visible", "Most hidden", (i) => instances.visible[i], () => known(instances.visible)],
    ["outside", "Most cut", (i) => -instances.outside[i], () => known(instances.outside)],
    ["far", "Farthest", (i) => -instances.distance[i], () => known(instances.distance)],
    ["stands_out", "Blends in most", (i) => instances.stands_out[i], () => known(instances.stands_out)],
    ["pieces", "Most pieces", (i) => -instances.pieces[i]],
  ],
};

const ordersOfMode = () => ORDERS[listed.mode].filter(([, , , isThere]) => !isThere || isThere());

/** Lists the selection anew, in order. */
function listItems() {
  const isFrames = listed.mode === "frames";
  const chosen = isFrames ? selection.frames : selection.instances;
  const items = new Uint32Array(isFrames ? selection.frameCount : selection.instanceCount);
  for (let i = 0, at = 0; i < chosen.length; i++) if (chosen[i]) items[at++] = i;
  if (selection.finding && listed.order === "finding") orderByFinding(items);
  const key = ordersOfMode().find(([name]) => name === listed.order)?.[2];
  if (key) {
    const values = new Float64Array(chosen.length);
    for (const item of items) {
      const value = key(item);
      values[item] = Number.isNaN(value) ? Infinity : value;
    }
    items.sort((one, other) => values[one] - values[other] || one - other);
  }
  listed.items = items;
  listed.cursor = Math.min(listed.cursor, items.length - 1);
}

/** Worst first, as the finding has them. */
function orderByFinding(items) {
  const place = new Map([...selection.finding.items].map((item, number) => [item, number]));
  items.sort((one, other) => place.get(one) - place.get(other));
}

function setMode(mode, order = "order") {
  Object.assign(listed, { mode, order, cursor: -1 });
}

/** The frames that the gallery shows, each once, in its order. */
function framesInOrder() {
  if (listed.mode === "frames") return listed.items;
  return [...new Set(Array.from(listed.items, (instance) => instances.frame[instance]))];
}

/** The numbers of frames that are selected, or of those that are not, as --frames takes them. */
function frameNumbers(isSelected) {
  const numbers = [];
  for (let f = 0; f < frames.count; f++) if (selection.frames[f] === (isSelected ? 1 : 0)) numbers.push(frames.number[f]);
  return asRanges(numbers);
}
