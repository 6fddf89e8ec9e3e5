// Histograms. Grey is all, colour is what the other filters leave: stacked by category, or the splits side by side.

/** What paints charts again after a filter has changed: the element that has to be in sight, the filter whose counts it
 * shows, if it is that of one, and the function. */
const charts = [];
/** What bars show: "categories", how many there are, or "splits", which share of each split is in each bin. */
let shownParts = "categories";

function showParts(parts) {
  shownParts = parts;
  say(parts === "splits" ? "Charts show splits side by side" : "Charts show counts");
  showAll();
}

/** The values of some bins that follow each other, in words. */
function rangeText(filter, from, to) {
  if (filter.labels.length) return filter.labels.slice(from, to + 1).join(", ");
  const { edges, unit } = filter, last = edges.length - 2;
  if (filter.key === "outside" && to === 0) return "whole";
  if (unit === "count") {
    const end = edges[to + 1] - 1;
    return end === edges[from] ? formatted(end) : `${formatted(edges[from])}–${formatted(end)}`;
  }
  const low = inUnit(edges[from], unit), high = inUnit(edges[to + 1], unit);
  if (from === 0 && to === last) return "all";
  return `${low} – ${high}`;
}

function binText(filter, bin) {
  const all = inBin(filter, filter.all, bin), now = inBin(filter, filter.now, bin);
  const of = now === all ? "" : ` of ${formatted(all)}`;
  const parts = shownParts === "splits" ? `; ${splitsText(filter, bin)}` : "";
  return `${rangeText(filter, bin, bin)}: ${formatted(now)}${of} ${filter.ofFrames ? "images" : "instances"}${parts}`;
}

/** "12% of train, 9% of val" */
function splitsText(filter, bin) {
  return head.splits.map((name, split) => `${percent(inBin(filter, filter.now, bin, -1, split), inSplit(filter, split))} of ${name}`).join(", ");
}

/** How many of a split the other filters leave. */
function inSplit(filter, split) {
  let sum = 0;
  for (let bin = 0; bin < filter.bins; bin++) sum += inBin(filter, filter.now, bin, -1, split);
  return sum;
}

/** Builds a histogram whose bars are buttons: a click chooses one, dragging a range, and with keys Shift and arrows. */
function addHistogram(filter, box) {
  const title = heading(filter.title), clear = button("range", "", () => chooseBins(filter, null));
  title.lastChild.replaceWith(clear);
  const plot = element("div", "plot"), canvas = element("canvas"), bins = element("div", "bins");
  canvas.setAttribute("aria-hidden", "true");
  bins.setAttribute("role", "group");
  bins.setAttribute("aria-label", filter.title);
  plot.append(canvas, bins);
  box.append(title, plot, axisOf(filter));
  let dragFrom = -1, isDragged = false;
  const choose = (one, other) => chooseBins(filter, span(Math.min(one, other), Math.max(one, other)));
  for (let bin = 0; bin < filter.bins; bin++) {
    const bar = element("button");
    bar.tabIndex = bin ? -1 : 0;
    bar.onpointerdown = (event) => { dragFrom = bin; isDragged = false; event.preventDefault(); bar.focus({ preventScroll: true }); };
    bar.onpointerenter = (event) => { if (dragFrom >= 0 && event.buttons) { isDragged = true; choose(dragFrom, bin); } };
    bar.onpointermove = (event) => showTip(event, binText(filter, bin));
    bar.onpointerleave = (event) => showTip(event, "");
    bar.onpointerup = (event) => { if (!isDragged) clickBin(filter, bin, event.shiftKey, choose); dragFrom = -1; };
    bar.onkeydown = (event) => keyOnBin(event, filter, bin, bins, choose);
    bins.append(bar);
  }
  charts.push({ box: plot, filter, paint: () => paintHistogram(filter, canvas, bins, clear) });
}

const span = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

function clickBin(filter, bin, isExtended, choose) {
  const chosen = chosenBins(filter);
  if (isExtended && chosen.length) choose(chosen[0], bin);
  else if (chosen.length === 1 && chosen[0] === bin) chooseBins(filter, null);
  else choose(bin, bin);
}

function keyOnBin(event, filter, bin, bins, choose) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) {
    const next = bins.children[bin + step];
    if (next) {
      next.focus();
      if (event.shiftKey) choose(filter.anchor ?? bin, bin + step);
      else filter.anchor = bin + step;
    }
  } else if (event.key === "Enter" || event.key === " ") {
    if (filter.chosen && filter.chosen[bin]) chooseBins(filter, null);
    else choose(bin, bin);
    filter.anchor = bin;
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

function axisOf(filter) {
  const axis = element("div", "axis");
  for (const [place, text] of filter.ticks) {
    const tick = element("span", place < 0.05 ? "first" : place > 0.95 ? "last" : "", text);
    tick.style.left = `${place * 100}%`;
    axis.append(tick);
  }
  return axis;
}

function paintHistogram(filter, canvas, bins, clear) {
  const { context, width, height } = clearedCanvas(canvas), bySplit = shownParts === "splits";
  const room = filter.key === "size" && height > 60 ? colours.rem * 1.3 : 4, wide = width / filter.bins;
  const share = (value) => (filter.root ? Math.sqrt(value) : value);
  const plot = {
    context, bottom: height - 1, wide, gap: wide > 7 ? 1.5 : wide > 3 ? 1 : 0,
    tall: (value) => (value ? Math.max(1.5, share(value) * (height - room)) : 0),
  };
  if (bySplit) paintSplits(filter, plot);
  else paintCounts(filter, plot);
  for (let bin = 0; bin < filter.bins; bin++) {
    bins.children[bin].setAttribute("aria-label", `${filter.title} ${binText(filter, bin)}`);
    bins.children[bin].setAttribute("aria-pressed", Boolean(filter.chosen && filter.chosen[bin]));
  }
  context.globalAlpha = 1;
  fillBar(context, colours["line-strong"], 0, height, width, 1);
  if (filter.key === "size" && height > 60) markCocoSizes(context, filter, width, height);
  const chosen = chosenBins(filter);
  if (chosen.length) fillBar(context, colours.accent, chosen[0] * wide, height, (chosen.at(-1) - chosen[0] + 1) * wide, 2.5);
  writeRange(filter, chosen, clear);
}

function writeRange(filter, chosen, clear) {
  const note = [shownParts === "splits" ? "% of split" : "", filter.root ? "√ scale" : ""].filter(Boolean).join(", ");
  clear.className = chosen.length ? "range chosen" : "range";
  clear.textContent = chosen.length ? `${rangeText(filter, chosen[0], chosen.at(-1))} ×` : note;
  clear.disabled = !chosen.length;
  clear.hidden = !clear.textContent;
}

/** Bars as high as the highest of all items is. */
function paintCounts(filter, { context, bottom, wide, gap, tall }) {
  let top = 1;
  for (let bin = 0; bin < filter.bins; bin++) top = Math.max(top, inBin(filter, filter.all, bin));
  for (let bin = 0; bin < filter.bins; bin++) {
    const all = inBin(filter, filter.all, bin), now = inBin(filter, filter.now, bin), x = bin * wide + gap / 2;
    context.globalAlpha = 1;
    if (now < all) fillBar(context, colours.all, x, bottom, wide - gap, tall(all / top));
    context.globalAlpha = filter.chosen && !filter.chosen[bin] ? 0.3 : 1;
    if (filter.stacks === 1) fillBar(context, colours.accent, x, bottom, wide - gap, tall(now / top));
    else fillStack(context, filter, bin, x, bottom, wide - gap, tall(now / top) / now);
  }
}

/** A bar for each split in each bin: which share of what is left of the split is there. */
function paintSplits(filter, { context, bottom, wide, gap, tall }) {
  const { bins, splits, now } = filter, shares = head.splits.map((name, split) => {
    const whole = inSplit(filter, split);
    return Array.from({ length: bins }, (_, bin) => (whole ? inBin(filter, now, bin, -1, split) / whole : 0));
  });
  const top = Math.max(...shares.flat()) || 1, each = (wide - gap) / splits;
  for (let bin = 0; bin < bins; bin++) {
    context.globalAlpha = filter.chosen && !filter.chosen[bin] ? 0.3 : 1;
    shares.forEach((share, split) => fillBar(context, splitColour(split), bin * wide + gap / 2 + split * each, bottom, each, tall(share[bin] / top)));
  }
}

const splitColour = (split) => head.splitColours[split % head.splitColours.length];

function fillBar(context, colour, x, bottom, width, height) {
  context.fillStyle = colour;
  context.fillRect(x, bottom - height, width, height);
}

/** A bar of the instances of all categories, one above the other. */
function fillStack(context, filter, bin, x, bottom, width, pixelsEach) {
  let y = bottom;
  for (let stack = 0; stack < filter.stacks; stack++) {
    const count = inBin(filter, filter.now, bin, stack);
    if (!count) continue;
    fillBar(context, categories[stack].colour, x, y, width, count * pixelsEach);
    y -= count * pixelsEach;
  }
}

/** Where COCO's small ends and its large begins. */
function markCocoSizes(context, filter, width, height) {
  const last = Math.log2(filter.edges.at(-1));
  Object.assign(context, { strokeStyle: colours.faint, fillStyle: colours.faint, lineWidth: 1, font: `${colours.rem * 0.76}px ${colours.font}` });
  context.setLineDash([2, 3]);
  for (const [side, text, align] of [[32, "small", "right"], [96, "large", "left"]]) {
    const x = Math.round((Math.log2(side) / last) * width) + 0.5;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, height);
    context.stroke();
    context.textAlign = align;
    context.fillText(text, x + (align === "right" ? -4 : 4), colours.rem * 0.75);
  }
  context.setLineDash([]);
}
