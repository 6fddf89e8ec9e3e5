// Counts: each chart counts under all other filters, so that one sees what choosing another bin would show. A chart is
// counted when somebody looks at it. Nothing here touches the page, so that it can be tested and measured by itself.

/** States of an item besides the numbers of filters, which say that this filter alone leaves it out. */
const OUT = 254, IN = 255;

/** Says anew what each filter leaves. */
function applyFilters() {
  const hit = stateInstances();
  stateFrames(hit);
  sortByState(sides.instances);
  sortByState(sides.frames);
  for (const filter of filters) filter.isCounted = false;
}

/** Says of each instance whether it is in, or which filter alone keeps it out; returns which frames have one that no
 * filter of instances leaves out. */
function stateInstances() {
  const hit = new Uint8Array(frames.count), inside = selection.instances, { frame } = instances;
  const { fails, sum, state } = sides.instances, ofFrame = sides.frames.fails;
  let found = 0;
  for (let i = 0; i < inside.length; i++) {
    const f = frame[i], count = fails[i];
    if (count === 0) hit[f] = 1;
    const is = ofFrame[f] || count > 1 ? OUT : count ? sum[i] : IN;
    state[i] = is;
    inside[i] = is === IN ? 1 : 0;
    found += inside[i];
  }
  selection.instanceCount = found;
  return hit;
}

/** The same of each frame; where filters of instances are chosen, it needs an instance that they leave. */
function stateFrames(hit) {
  const needsInstance = filters.some((filter) => filter.chosen && !filter.ofFrames), inside = selection.frames;
  const { fails, sum, state } = sides.frames;
  let found = 0;
  for (let f = 0; f < inside.length; f++) {
    const is = (needsInstance && !hit[f]) || fails[f] > 1 ? OUT : fails[f] ? sum[f] : IN;
    state[f] = is;
    inside[f] = is === IN ? 1 : 0;
    found += inside[f];
  }
  selection.frameCount = found;
}

/** Sorts items by state: those of a state stand from begin[state] to begin[state + 1]. */
function sortByState({ count, state, sorted, begin }) {
  const next = new Uint32Array(IN + 2);
  for (let i = 0; i < count; i++) next[state[i] + 1]++;
  for (let is = 1; is < next.length; is++) next[is] += next[is - 1];
  begin.set(next);
  if (begin[IN + 1] - begin[IN] === count) return; // all are in, and nobody has to look at them
  for (let i = 0; i < count; i++) sorted[next[state[i]]++] = i;
}

/** The counts of a filter: of what is in, and of what it alone leaves out. Where that is more than half of all, they are
 * all but the others, so that at most half of the items are looked at. */
function countedNow(filter) {
  if (filter.isCounted) return filter.counts;
  const { counts, all, number } = filter, { count, begin } = sideOf(filter);
  const isMost = 2 * (begin[number + 1] - begin[number] + begin[IN + 1] - begin[IN]) > count;
  if (isMost) {
    counts.set(all);
    addItems(filter, 0, begin[number], -1);
    addItems(filter, begin[number + 1], begin[IN], -1);
  } else {
    counts.fill(0);
    addItems(filter, begin[number], begin[number + 1], 1);
    addItems(filter, begin[IN], begin[IN + 1], 1);
  }
  filter.isCounted = true;
  return counts;
}

/** Adds the items between two places of those sorted by state to the counts of a filter, each so many times. */
function addItems(filter, from, to, times) {
  const { counts, slot } = filter, { sorted } = sideOf(filter);
  for (let at = from; at < to; at++) counts[slot[sorted[at]]] += times;
}

/** How many there are in a bin, of counts of a filter; of one category or one split only where these are given. */
function inBin(filter, counts, bin, category = -1, split = -1) {
  const { stacks, splits } = filter;
  let sum = 0;
  for (let stack = Math.max(category, 0); stack < (category < 0 ? stacks : category + 1); stack++) {
    const at = (bin * stacks + stack) * splits;
    for (let part = Math.max(split, 0); part < (split < 0 ? splits : split + 1); part++) sum += counts[at + part];
  }
  return sum;
}
