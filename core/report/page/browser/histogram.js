// Histograms and lists of choices. Grey is all, colour is what the other filters leave.

/** What paints charts again after a filter has changed. */
const charts = [];

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
  return `${rangeText(filter, bin, bin)}: ${formatted(now)}${of} ${filter.ofFrames ? "images" : "instances"}`;
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
  charts.push({ box: plot, paint: () => paintHistogram(filter, canvas, bins, clear) });
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
  const { context, width, height } = clearedCanvas(canvas);
  const room = filter.key === "size" && height > 60 ? colours.rem * 1.3 : 4;
  let top = 1;
  for (let bin = 0; bin < filter.bins; bin++) top = Math.max(top, inBin(filter, filter.all, bin));
  const share = (count) => (filter.root ? Math.sqrt(count / top) : count / top);
  const tall = (count) => (count ? Math.max(1.5, share(count) * (height - room)) : 0);
  const wide = width / filter.bins, gap = wide > 7 ? 1.5 : wide > 3 ? 1 : 0;
  for (let bin = 0; bin < filter.bins; bin++) {
    const all = inBin(filter, filter.all, bin), now = inBin(filter, filter.now, bin), x = bin * wide + gap / 2;
    context.globalAlpha = 1;
    if (now < all) fillBar(context, colours.all, x, height - 1, wide - gap, tall(all));
    context.globalAlpha = filter.chosen && !filter.chosen[bin] ? 0.3 : 1;
    if (filter.stacks === 1) fillBar(context, colours.accent, x, height - 1, wide - gap, tall(now));
    else fillStack(context, filter, bin, x, height - 1, wide - gap, tall(now) / now);
    bins.children[bin].setAttribute("aria-label", `${filter.title} ${binText(filter, bin)}`);
    bins.children[bin].setAttribute("aria-pressed", Boolean(filter.chosen && filter.chosen[bin]));
  }
  context.globalAlpha = 1;
  fillBar(context, colours["line-strong"], 0, height, width, 1);
  if (filter.key === "size" && height > 60) markCocoSizes(context, filter, width, height);
  const chosen = chosenBins(filter);
  if (chosen.length) fillBar(context, colours.accent, chosen[0] * wide, height, (chosen.at(-1) - chosen[0] + 1) * wide, 2.5);
  clear.className = chosen.length ? "range chosen" : "range";
  clear.textContent = chosen.length ? `${rangeText(filter, chosen[0], chosen.at(-1))} ×` : filter.root ? "√ scale" : "";
  clear.disabled = !chosen.length;
  clear.hidden = !clear.textContent;
}

function fillBar(context, colour, x, bottom, width, height) {
  context.fillStyle = colour;
  context.fillRect(x, bottom - height, width, height);
}

/** A bar of the instances of all categories, one above the other. */
function fillStack(context, filter, bin, x, bottom, width, pixelsEach) {
  let y = bottom;
  for (let stack = 0; stack < filter.stacks; stack++) {
    const count = filter.now[bin * filter.stacks + stack];
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

/** A list of choices, several of which may be chosen. */
function addChoices(filter, box, colour) {
  const title = heading(filter.title, filter.ofFrames ? "images" : "instances");
  if (filter.note) title.title = filter.note;
  box.append(title);
  const list = element("div", "choices");
  box.append(list);
  const rows = filter.labels.map((label, bin) => {
    const row = button("choice", undefined, () => {
      const chosen = chosenBins(filter);
      chooseBins(filter, chosen.includes(bin) ? chosen.filter((one) => one !== bin) : [...chosen, bin]);
    });
    const swatch = element("i", "swatch");
    if (colour) swatch.style.background = colour(bin);
    row.append(swatch, nameElement(label), element("span", "soft"));
    return row;
  });
  list.append(...rows);
  const paint = () => rows.forEach((row, bin) => {
    const now = inBin(filter, filter.now, bin), isChosen = Boolean(filter.chosen && filter.chosen[bin]);
    row.lastChild.textContent = formatted(now);
    row.setAttribute("aria-pressed", isChosen);
    row.classList.toggle("off", Boolean(filter.chosen && !isChosen) || !now);
  });
  charts.push({ box: list, paint });
}

/** Where the filters of what was drawn at random are, of which there may be many: closed, until they are wanted. */
function drawnBox() {
  const found = $("#drawn");
  if (found) return found;
  const made = element("details");
  made.id = "drawn";
  made.append(element("summary", "", "Drawn at random"));
  made.ontoggle = paintCharts;
  $("#side").append(made);
  return made;
}

/** A card among the charts; `wide` ones take two columns. */
function addCard(wide) {
  const card = element("div", wide ? "card wide" : "card");
  $("#cards").append(card);
  return card;
}

function startCharts() {
  const side = $("#side");
  const section = () => side.appendChild(element("section"));
  for (const filter of filters) {
    if (!filter.isShown || !filter.at_side) continue;
    if (filter.key === "split" && head.splits.length < 2) continue;
    const box = filter.key.startsWith("drawn_") ? drawnBox().appendChild(element("section")) : section();
    if (!filter.labels.length) addHistogram(filter, box);
    else addChoices(filter, box, filter.key === "category" ? (bin) => categories[bin].colour : null);
  }
  addCategoryTable(addCard(true));
  addHistogram(filterOf("per_image"), addCard());
  if (filterOf("view")) addDiscs(addCard(true));
  addHeatMap(addCard());
  for (const filter of filters) {
    if (!filter.isShown || !filter.as_chart || filter.key === "per_image") continue;
    const card = addCard();
    addHistogram(filter, card);
    if (filter.note) card.append(element("p", "", filter.note));
  }
  if (known(frames.camera_x)) addCameras(addCard());
}
