// From where each category is seen: all directions around an object, as an equal-area map. The middle is straight above,
// the dashed circle the horizon, the rim straight below.

const COMPASS = ["front", "front right", "right", "back right", "back", "back left", "left", "front left"];

function viewText(field) {
  const { rings, fields } = head.views, ring = Math.floor(field / fields), sector = field % fields;
  const degrees = (share) => Math.round(Math.abs((Math.asin(1 - (2 * share) / rings) * 180) / Math.PI));
  const ends = [degrees(ring), degrees(ring + 1)].sort((one, other) => one - other);
  return `${COMPASS[Math.round((sector * 8) / fields) % 8]}, ${ends.join("–")}° ${ring < rings / 2 ? "above" : "below"}`;
}

const MOST_DISCS = 24;

function addDiscs(card) {
  card.append(heading("Seen from", "middle: above · dashed: horizon · rim: below"));
  const discs = element("div", "discs");
  card.append(discs);
  const counts = categories.map((category, number) => viewsOf(number));
  const shown = [...counts.keys()].filter((number) => counts[number]).sort((one, other) => counts[other] - counts[one]).slice(0, MOST_DISCS);
  for (const number of shown.sort((one, other) => one - other)) addDisc(discs, number);
  card.append(element("p", "", "Where the camera was, in each object's own axes (the front is −Y, as in Blender). All fields are the same solid angle; empty ones were never seen."));
  if (counts.filter(Boolean).length > MOST_DISCS) card.append(element("p", "", `The ${MOST_DISCS} categories with the most instances are shown.`));
}

/** How many instances of a category have a known view. */
function viewsOf(category) {
  const filter = filterOf("view"), { rings, fields } = head.views;
  let sum = 0;
  for (let field = 0; field < rings * fields; field++) sum += inBin(filter, filter.all, field, category);
  return sum;
}

function addDisc(discs, category) {
  const box = element("div", "disc"), canvas = element("canvas"), caption = element("div", "soft small");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  box.append(canvas, nameElement(categories[category].name), caption);
  discs.append(box);
  const filter = filterOf("view"), disc = { filter, category, canvas, caption, box, cursor: -1 };
  const count = (field) => inBin(filter, filter.now, field, category);
  const describe = (field) => `${categories[category].name} from ${viewText(field)}: ${counted(count(field), "instance")}`;
  canvas.onpointermove = (event) => { const field = fieldAt(canvas, event); showTip(event, field < 0 ? "" : describe(field)); };
  canvas.onpointerleave = (event) => showTip(event, "");
  canvas.onclick = (event) => { const field = fieldAt(canvas, event); if (field >= 0) chooseView(disc, field); };
  canvas.onkeydown = (event) => keyOnDisc(event, disc, describe);
  charts.push({ box, filter, paint: () => paintDisc(disc, count) });
}

const radiusOf = (width) => (width / 2) * 0.86;

function fieldAt(canvas, event) {
  const { rings, fields } = head.views, bounds = canvas.getBoundingClientRect(), radius = radiusOf(bounds.width);
  const x = event.clientX - bounds.left - bounds.width / 2, y = event.clientY - bounds.top - bounds.height / 2;
  const share = (x * x + y * y) / radius ** 2;
  if (share >= 1) return -1;
  const sector = Math.round((Math.atan2(x, y) / (2 * Math.PI)) * fields + fields) % fields;
  return Math.floor(share * rings) * fields + sector;
}

/** Chooses a direction and the category whose disc it is in, or takes both back. */
function chooseView({ filter, category }, field) {
  const wasChosen = filter.chosen && filter.chosen[field];
  setBins(filterOf("category"), wasChosen ? null : [category]);
  chooseBins(filter, wasChosen ? null : [field]);
}

function keyOnDisc(event, disc, describe) {
  const { rings, fields } = head.views, last = rings * fields - 1;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: fields, ArrowUp: -fields };
  if (event.key === "Enter" && disc.cursor >= 0) chooseView(disc, disc.cursor);
  else if (event.key in steps) {
    disc.cursor = disc.cursor < 0 ? 0 : Math.max(0, Math.min(last, disc.cursor + steps[event.key]));
    say(describe(disc.cursor));
    paintCharts();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

function paintDisc({ filter, category, canvas, caption, box, cursor }, count) {
  const { rings, fields } = head.views, onlyOther = filterOf("category").chosen;
  box.classList.toggle("off", Boolean(onlyOther && !onlyOther[category]));
  const { context, width } = clearedCanvas(canvas), radius = radiusOf(width);
  let top = 1, seen = 0;
  for (let field = 0; field < rings * fields; field++) {
    top = Math.max(top, count(field));
    if (count(field)) seen++;
  }
  context.translate(width / 2, width / 2);
  for (let field = 0; field < rings * fields; field++) {
    fieldPath(context, field, radius);
    context.globalAlpha = filter.chosen && !filter.chosen[field] ? 0.35 : 1;
    context.fillStyle = count(field) ? rampColour(0.22 + (0.78 * count(field)) / top) : colours.tile;
    context.fill();
    context.strokeStyle = colours.panel;
    context.lineWidth = 0.7;
    context.stroke();
  }
  context.globalAlpha = 1;
  for (const field of [...chosenBins(filter), cursor]) if (field >= 0 && field < rings * fields) outlineField(context, field, radius);
  writeSides(context, width, radius);
  caption.textContent = `${percent(seen, rings * fields)} of all directions`;
  canvas.setAttribute("aria-label", `${categories[category].name}: seen from ${caption.textContent}. ${sidesText(count)} Arrow keys walk, Enter chooses.`);
}

function fieldPath(context, field, radius) {
  const { rings, fields } = head.views, ring = Math.floor(field / fields), sector = field % fields;
  const angle = (place) => Math.PI / 2 - (place / fields) * 2 * Math.PI;
  context.beginPath();
  context.arc(0, 0, radius * Math.sqrt((ring + 1) / rings), angle(sector - 0.5), angle(sector + 0.5), true);
  context.arc(0, 0, radius * Math.sqrt(ring / rings), angle(sector + 0.5), angle(sector - 0.5), false);
  context.closePath();
}

function outlineField(context, field, radius) {
  fieldPath(context, field, radius);
  context.strokeStyle = colours.accent;
  context.lineWidth = 2;
  context.stroke();
}

function writeSides(context, width, radius) {
  Object.assign(context, { strokeStyle: colours.faint, fillStyle: colours.soft, lineWidth: 1, textAlign: "center", textBaseline: "middle" });
  context.beginPath();
  context.arc(0, 0, radius * Math.SQRT1_2, 0, 7);
  context.setLineDash([3, 3]);
  context.stroke();
  context.setLineDash([]);
  context.font = `${Math.max(colours.rem * 0.75, width * 0.065)}px ${colours.font}`;
  context.fillText("front", 0, width * 0.47);
  context.fillText("back", 0, -width * 0.47);
  context.rotate(-Math.PI / 2);
  context.fillText("left", 0, -width * 0.465);
  context.fillText("right", 0, width * 0.47);
}

/** For screen readers: how many are seen from each side. */
function sidesText(count) {
  const { rings, fields } = head.views, sides = new Uint32Array(8);
  for (let field = 0; field < rings * fields; field++) sides[Math.round(((field % fields) * 8) / fields) % 8] += count(field);
  return `${COMPASS.map((side, i) => `${side} ${formatted(sides[i])}`).join(", ")}.`;
}
