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

/** Whether the list can be in the order of a finding. */
const isAsFound = () => selection.finding?.of === listed.mode;

const ordersOfMode = () => ORDERS[listed.mode].filter(([, , , isThere]) => !isThere || isThere());

/** Lists the selection anew, in order. */
function listItems() {
  const isFrames = listed.mode === "frames";
  const chosen = isFrames ? selection.frames : selection.instances;
  const items = new Uint32Array(isFrames ? selection.frameCount : selection.instanceCount), order = wholeOrder();
  for (let i = 0, at = 0; at < items.length; i++) {
    const item = order ? order[i] : i;
    if (chosen[item]) items[at++] = item;
  }
  listed.items = items;
  listed.cursor = Math.min(listed.cursor, items.length - 1);
}

const wholeOrders = new Map();

/** All instances, the smallest first. */
const itemsBySize = () => orderBy("instances", "small");

/** All frames or instances in the order of the list; null for that of the dataset. A finding has its items worst first. */
function wholeOrder() {
  if (isAsFound() && listed.order === "finding") return selection.finding.items;
  return orderBy(listed.mode, listed.order);
}

/** All frames or instances in one of the ORDERS, sorted when it is first wanted; null for that of the dataset. */
function orderBy(mode, order) {
  const name = `${mode} ${order}`, key = ORDERS[mode].find(([one]) => one === order)?.[2];
  if (!key) return null;
  if (!wholeOrders.has(name)) wholeOrders.set(name, sortedItems((mode === "frames" ? frames : instances).count, key));
  return wholeOrders.get(name);
}

/** Items by a key, lowest first; those of which it is not known come last. */
function sortedItems(count, key) {
  const values = new Float64Array(count), items = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const value = key(i);
    values[i] = Number.isNaN(value) ? Infinity : value;
    items[i] = i;
  }
  return items.sort((one, other) => values[one] - values[other] || one - other);
}

function setMode(mode, order = "order") {
  Object.assign(listed, { mode, order, cursor: -1 });
}

/** The frames that the gallery shows, each once, in its order. */
function framesInOrder() {
  if (listed.mode === "frames") return listed.items;
  return [...new Set(Array.from(listed.items, (instance) => instances.frame[instance]))];
}

/** The numbers of frames that are selected, or of those that are not, as --frames takes them; and how many others have
 * one of these numbers, in other sequences. */
function frameNumbers(isSelected) {
  const wanted = isSelected ? 1 : 0, numbers = new Set();
  for (let f = 0; f < frames.count; f++) if (selection.frames[f] === wanted) numbers.add(frames.number[f]);
  let others = 0;
  for (let f = 0; f < frames.count; f++) if (selection.frames[f] !== wanted && numbers.has(frames.number[f])) others++;
  return { text: asRanges([...numbers]), others };
}
