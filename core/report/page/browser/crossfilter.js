// Filters that are charts: each counts under all other filters, so that one sees what choosing another bin would show.
// Nothing here touches the page, so that it can be tested and measured by itself.

const IN = 255, OUT = 254;
const filters = [];
const selection = {
  frames: null, // (frames) 1 where a frame is selected
  instances: null,
  frameCount: 0,
  instanceCount: 0,
  text: "",
  finding: null,
};
const timing = { filter: [], draw: [] };

/** How many filters leave each item out, and the sum of their numbers: of one alone, that says which it is. */
let frameFails, instanceFails, state;

function makeFilters() {
  frameFails = { count: new Uint8Array(frames.count), sum: new Uint16Array(frames.count) };
  instanceFails = { count: new Uint8Array(instances.count), sum: new Uint16Array(instances.count) };
  state = new Uint8Array(instances.count);
  selection.frames = new Uint8Array(frames.count);
  selection.instances = new Uint8Array(instances.count);
  head.filters.forEach((about) => filters.push(makeFilter(about, filters.length)));
  filters.push(markFilter("text", "frames"), markFilter("textOfInstances", "instances"));
  filters.push(markFilter("findingFrames", "frames"), markFilter("findingInstances", "instances"));
  filters.forEach((filter, number) => { filter.number = number + 1; });
}

const filterOf = (key) => filters.find((filter) => filter.key === key);

function makeFilter(about, number) {
  const ofFrames = about.of === "frames", size = ofFrames ? frames.count : instances.count;
  const values = (ofFrames ? frames : instances)[about.column];
  const bins = about.edges.length ? about.edges.length - 1 : about.labels.length, stacks = ofFrames ? 1 : categories.length;
  const filter = { ...about, number, ofFrames, bins, stacks, chosen: null, isShown: true };
  filter.bin = bins > 256 ? new Uint16Array(size) : new Uint8Array(size);
  filter.slot = ofFrames ? filter.bin : bins * stacks > 65535 ? new Uint32Array(size) : new Uint16Array(size);
  filter.now = new Uint32Array(bins * stacks);
  const all = (filter.all = new Uint32Array(bins * stacks)), find = binFinder(about);
  for (let i = 0; i < size; i++) {
    const bin = find(values[i]);
    filter.bin[i] = bin;
    if (!ofFrames) filter.slot[i] = bin * stacks + instances.category[i];
    all[filter.slot[i]]++;
  }
  filter.hasUnknown = values instanceof Float64Array && values.some(Number.isNaN);
  return filter;
}

/** A filter that is no chart: what passes is marked. */
function markFilter(key, of) {
  const ofFrames = of === "frames", size = ofFrames ? frames.count : instances.count;
  const bin = new Uint8Array(size).fill(1);
  return { key, of, ofFrames, bins: 2, stacks: 1, bin, slot: bin, chosen: null, isShown: false };
}

/** Gives the bin of a value; one that is not known is in the first. */
function binFinder({ labels, edges }) {
  if (labels.length) return (value) => value;
  const last = edges.length - 2, epsilon = 1e-9;
  return (value) => {
    let low = 0, high = last;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (value + epsilon >= edges[middle]) low = middle;
      else high = middle - 1;
    }
    return low;
  };
}

/** How many there are in a bin: of all, or of what the other filters leave. */
function inBin(filter, counts, bin) {
  if (filter.stacks === 1) return counts[bin];
  let sum = 0;
  for (let stack = 0; stack < filter.stacks; stack++) sum += counts[bin * filter.stacks + stack];
  return sum;
}

/** Lets a filter pass some bins only, or all with null; returns whether that changes anything. */
function setBins(filter, bins) {
  const before = filter.chosen, after = bins && bins.length ? new Uint8Array(filter.bins) : null;
  if (after) for (const bin of bins) after[bin] = 1;
  const { count, sum } = filter.ofFrames ? frameFails : instanceFails, { bin, number } = filter;
  for (let i = 0; i < bin.length; i++) {
    const was = before === null || before[bin[i]] === 1, is = after === null || after[bin[i]] === 1;
    if (was === is) continue;
    if (is) { count[i]--; sum[i] -= number; } else { count[i]++; sum[i] += number; }
  }
  filter.chosen = after;
}

/** Lets a filter of marks pass what is marked, or all with null. */
function setMarks(filter, isMarked) {
  setBins(filter, null);
  if (!isMarked) return;
  for (let i = 0; i < filter.bin.length; i++) filter.bin[i] = isMarked(i) ? 1 : 0;
  setBins(filter, [1]);
}

const chosenBins = (filter) => (filter.chosen ? [...filter.chosen.keys()].filter((bin) => filter.chosen[bin]) : []);

function setText(text) {
  const wanted = (selection.text = text.trim().toLowerCase());
  setMarks(filterOf("text"), null);
  setMarks(filterOf("textOfInstances"), null);
  if (!wanted) return;
  const names = instances.names.map((name) => name.toLowerCase().includes(wanted));
  const paths = frames.paths.map((path) => path.toLowerCase().includes(wanted));
  if (names.includes(true)) {
    setMarks(filterOf("textOfInstances"), (i) => names[instances.name[i]] || paths[instances.frame[i]]);
  } else {
    setMarks(filterOf("text"), (frame) => paths[frame]);
  }
}

function setFinding(finding) {
  selection.finding = finding;
  const items = finding && new Set(finding.items);
  setMarks(filterOf("findingFrames"), finding && finding.of === "frames" ? (i) => items.has(i) : null);
  setMarks(filterOf("findingInstances"), finding && finding.of === "instances" ? (i) => items.has(i) : null);
}

function clearFilters() {
  for (const filter of filters) if (filter.chosen) setBins(filter, null);
  selection.text = "";
  selection.finding = null;
}

const isFiltered = () => filters.some((filter) => filter.chosen);

/** Counts all charts anew. */
function applyFilters() {
  const began = performance.now();
  const hit = sortInstances();
  for (const filter of filters) if (filter.isShown && !filter.ofFrames) countInstances(filter);
  countFrames(hit);
  timing.filter.push(performance.now() - began);
}

/** Says of each instance whether it is in, or which filter alone keeps it out; returns which frames have one that no
 * filter of instances leaves out. */
function sortInstances() {
  const hit = new Uint8Array(frames.count), inside = selection.instances, { frame } = instances;
  const { count, sum } = instanceFails, ofFrame = frameFails.count;
  let found = 0;
  for (let i = 0; i < inside.length; i++) {
    const f = frame[i], fails = count[i];
    if (fails === 0) hit[f] = 1;
    if (ofFrame[f]) { inside[i] = 0; state[i] = OUT; }
    else if (fails === 0) { inside[i] = 1; state[i] = IN; found++; }
    else { inside[i] = 0; state[i] = fails === 1 ? sum[i] : OUT; }
  }
  selection.instanceCount = found;
  return hit;
}

function countInstances(filter) {
  const { now, slot, number } = filter;
  now.fill(0);
  for (let i = 0; i < slot.length; i++) {
    const is = state[i];
    if (is === IN || is === number) now[slot[i]]++;
  }
}

function countFrames(hit) {
  const needsInstance = filters.some((filter) => filter.chosen && !filter.ofFrames), { count, sum } = frameFails;
  const ofFrames = filters.filter((filter) => filter.isShown && filter.ofFrames), byNumber = [];
  for (const filter of ofFrames) { filter.now.fill(0); byNumber[filter.number] = filter; }
  let found = 0;
  for (let f = 0; f < frames.count; f++) {
    const fits = !needsInstance || hit[f] === 1;
    selection.frames[f] = fits && count[f] === 0 ? 1 : 0;
    if (!fits || count[f] > 1) continue;
    if (count[f] === 0) {
      found++;
      for (const filter of ofFrames) filter.now[filter.bin[f]]++;
    } else {
      const filter = byNumber[sum[f]];
      if (filter) filter.now[filter.bin[f]]++;
    }
  }
  selection.frameCount = found;
}
