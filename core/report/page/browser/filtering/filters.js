// Filters: what there is to choose from, what is chosen, and which items each of them leaves out.

const filters = [];
const selection = {
  frames: null, // (frames) 1 where a frame is selected
  instances: null,
  frameCount: 0,
  instanceCount: 0,
  text: "",
  finding: null,
};
/** Of frames, and of instances: see makeSide(). */
const sides = {};

const sideOf = (filter) => (filter.ofFrames ? sides.frames : sides.instances);

/** What filters say of some items: how many of them leave out each item, and the sum of their numbers, which of one alone
 * says which it is. What follows from it is the state of each, and all items sorted by state; see crossfilter.js. */
function makeSide(count) {
  return {
    count, fails: new Uint8Array(count), sum: new Uint16Array(count),
    state: new Uint8Array(count).fill(IN), sorted: new Uint32Array(count), begin: new Uint32Array(OUT + 3),
  };
}

function makeFilters() {
  sides.frames = makeSide(frames.count);
  sides.instances = makeSide(instances.count);
  selection.frames = new Uint8Array(frames.count);
  selection.instances = new Uint8Array(instances.count);
  head.filters.forEach((about) => filters.push(makeFilter(about)));
  filters.push(markFilter("text", "frames"), markFilter("textOfInstances", "instances"));
  filters.push(markFilter("findingFrames", "frames"), markFilter("findingInstances", "instances"));
  filters.forEach((filter, number) => { filter.number = number + 1; });
}

const filterOf = (key) => filters.find((filter) => filter.key === key);

/** A filter that is a chart, too. It counts by bin, then by category if it is about instances, then by split: each item
 * is in one slot of these. `all` are counts of all items, `now` those that the other filters leave. */
function makeFilter(about) {
  const ofFrames = about.of === "frames", { count } = ofFrames ? sides.frames : sides.instances;
  const values = (ofFrames ? frames : instances)[about.column], find = binFinder(about);
  const bins = about.edges.length ? about.edges.length - 1 : about.labels.length;
  const stacks = ofFrames ? 1 : categories.length, splits = head.splits.length, slots = bins * stacks * splits;
  const filter = {
    ...about, ofFrames, bins, stacks, splits, chosen: null, isShown: true, isCounted: false,
    bin: bins > 256 ? new Uint16Array(count) : new Uint8Array(count),
    slot: slots > 65535 ? new Uint32Array(count) : new Uint16Array(count),
    all: new Uint32Array(slots), counts: new Uint32Array(slots),
    get now() { return countedNow(this); },
  };
  for (let i = 0; i < count; i++) {
    const bin = (filter.bin[i] = find(values[i])), split = frames.split[ofFrames ? i : instances.frame[i]];
    const slot = (filter.slot[i] = (ofFrames ? bin : bin * stacks + instances.category[i]) * splits + split);
    filter.all[slot]++;
  }
  return filter;
}

/** A filter that is no chart: what passes is marked. */
function markFilter(key, of) {
  const ofFrames = of === "frames", { count } = ofFrames ? sides.frames : sides.instances;
  return { key, of, ofFrames, bins: 2, bin: new Uint8Array(count).fill(1), chosen: null, isShown: false };
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

/** Lets a filter pass some bins only, or all with null. */
function setBins(filter, bins) {
  const before = filter.chosen, after = bins && bins.length ? new Uint8Array(filter.bins) : null;
  if (after) for (const bin of bins) after[bin] = 1;
  filter.chosen = after;
  const change = new Int8Array(filter.bins), changeOfSum = new Int32Array(filter.bins);
  for (let bin = 0; bin < filter.bins; bin++) {
    change[bin] = (before === null ? 1 : before[bin]) - (after === null ? 1 : after[bin]);
    changeOfSum[bin] = change[bin] * filter.number;
  }
  if (!change.some(Boolean)) return;
  const { fails, sum } = sideOf(filter), { bin } = filter;
  for (let i = 0; i < bin.length; i++) {
    fails[i] += change[bin[i]];
    sum[i] += changeOfSum[bin[i]];
  }
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
