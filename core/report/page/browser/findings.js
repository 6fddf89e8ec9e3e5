// The verdict, which always stands on top, and all reasons with their worst examples.

const MARKS = { bad: ["✕", "fix"], look: ["!", "look"], note: ["i", "note"], good: ["✓", "fine"] };
/** The orders of the gallery that suit a finding; all others show its items as it has them. */
const EXAMPLES = 16;
const strips = [];

function markOf(level) {
  const mark = element("span", `mark ${level}`, MARKS[level][0]);
  mark.setAttribute("aria-label", MARKS[level][1]);
  mark.setAttribute("role", "img");
  return mark;
}

const findingText = (finding) => (finding.count ? `${formatted(finding.count)} ${finding.text}` : finding.text);

const partsOf = (finding) => head.findings.filter((other) => other.within === finding.key);

function startVerdict() {
  const { verdict } = head, headline = $("#headline");
  headline.append(markOf(verdict.level === "note" ? "good" : verdict.level), element("span", "", verdict.headline));
  $("#summary").append(element("span", "", `${verdict.summary} `));
  if (verdict.options) {
    const copy = button("link", "Copy the options that leave them out", () => copyText(verdict.options, copy));
    copy.title = verdict.options;
    $("#summary").append(copy);
  }
  const list = $("#findings");
  for (const finding of head.findings) {
    if (finding.within) continue;
    const row = element("li");
    row.append(findingButton(finding));
    list.append(row);
  }
  if (verdict.fine.length) {
    const row = element("li", "fine soft");
    row.append(markOf("good"), element("span", "", verdict.fine.join(" · ")));
    list.append(row);
  }
}

function findingButton(finding) {
  const made = button("finding", undefined, () => followFinding(finding));
  const text = element("span"), parts = partsOf(finding);
  if (finding.count) text.append(element("b", "", formatted(finding.count)), " ");
  text.append(finding.text);
  if (parts.length) text.append(`, ${parts.map(findingText).join(" and ")} among them`);
  made.append(markOf(finding.level), text);
  finding.button = made;
  return made;
}

/** Shows what a finding is about: in the gallery, worst first, or in the charts. */
function followFinding(finding) {
  if (selection.finding === finding) {
    setFinding(null);
    return changed();
  }
  clearFilters();
  if (finding.of === "dataset") return followDataset(finding);
  setMode(finding.of, "finding");
  setFinding(finding);
  showView("gallery");
  gallery.scrollTop = 0;
  return changed();
}

function followDataset(finding) {
  for (const [key, bins] of Object.entries(finding.filter)) setBins(filterOf(key), bins);
  showView("charts");
  if (finding.key === "never_seen_from") $(".discs")?.scrollIntoView({ block: "center" });
  changed();
}

function paintFindings() {
  for (const { button: made, ...finding } of head.findings) {
    if (made) made.setAttribute("aria-pressed", selection.finding?.key === finding.key && finding.of !== "dataset");
  }
}

function startWorst() {
  const reasons = $("#reasons");
  for (const finding of head.findings) reasons.append(reasonRow(finding));
  if (head.worst.length) reasons.append(worstFrames());
  if (!head.findings.length) reasons.append(element("p", "card", "Nothing stands out."));
  painters.push(paintStrips);
  $("#worst").addEventListener("scroll", repaintSoon);
}

function reasonRow(finding) {
  const row = element("section", "reason"), about = element("div"), title = element("h3");
  title.append(markOf(finding.level), element("span", "", findingText(finding)));
  about.append(title, element("p", "soft", finding.why), wayOut(finding));
  if (finding.of !== "dataset") about.append(button("link", showAllText(finding), () => { setFinding(null); followFinding(finding); }));
  else if (Object.keys(finding.filter).length) about.append(button("link", "Show in the charts", () => followFinding(finding)));
  row.append(about, exampleStrip(finding));
  return row;
}

function wayOut(finding) {
  const paragraph = element("p");
  if (finding.remedy) paragraph.append("Set ", element("b", "", finding.remedy.label), ` to ${finding.remedy.value} (${finding.remedy.option}). `);
  paragraph.append(finding.way_out);
  const holder = head.findings.find((other) => other.key === finding.within);
  if (holder) paragraph.append(` Nearly all are also among the ${findingText(holder)}.`);
  return paragraph;
}

function showAllText(finding) {
  if (finding.of === "frames") return `Show all ${formatted(finding.count)}`;
  const images = new Set(Array.from(finding.items, (instance) => instances.frame[instance])).size;
  return `Show all, in ${counted(images, "image")}`;
}

function exampleStrip(finding) {
  const strip = element("div", "strip"), isFrames = finding.of === "frames";
  for (const item of finding.items.slice(0, EXAMPLES)) {
    const frame = isFrames ? item : instances.frame[item];
    strip.append(example(item, isFrames, frame, isFrames ? frames.paths[frame] : captionOf(finding, item)));
  }
  return strip;
}

function captionOf(finding, instance) {
  const before = { order: listed.order, finding: selection.finding };
  listed.order = "finding";
  selection.finding = finding;
  const caption = valueOf(instance);
  listed.order = before.order;
  selection.finding = before.finding;
  return caption;
}

function example(item, isFrames, frame, caption) {
  const made = button("", undefined, () => openFrame(frame, isFrames ? -1 : item)), canvas = element("canvas");
  canvas.setAttribute("aria-hidden", "true");
  made.title = isFrames ? `Frame ${frames.paths[frame]}` : `${instances.names[instances.name[item]]} in frame ${frames.paths[frame]}`;
  made.append(canvas, element("bdi", "", caption));
  strips.push({ canvas, item, isFrames, isDone: false });
  return made;
}

function worstFrames() {
  const card = element("section", "card"), grid = element("div", "worst-frames");
  card.append(heading("Worst frames", "all reasons together; each frame with its main ones"), grid);
  for (const frame of head.worst) {
    const made = example(frame, true, frame, frames.paths[frame]), why = element("span", "why");
    for (const finding of reasonsOf(frame).slice(0, 3)) why.append(element("span", "tag", finding));
    made.append(why);
    grid.append(made);
  }
  return card;
}

/** Why a frame is among the worst: "3 under 10% visible". */
function reasonsOf(frame) {
  const reasons = [];
  for (const finding of head.findings) {
    if (finding.of === "frames" && inFinding(finding).has(frame)) reasons.push(finding.one);
    if (finding.of !== "instances") continue;
    let count = 0;
    for (let i = instances.first[frame]; i < instances.first[frame + 1]; i++) if (inFinding(finding).has(i)) count++;
    if (count) reasons.push(`${count} ${count === 1 ? finding.one : finding.text}`);
  }
  return reasons;
}

/** The items of a finding as a set, made when it is first asked for. */
const inFinding = (finding) => (finding.set ??= new Set(finding.items));

/** Draws the examples in sight. */
function paintStrips() {
  if (document.body.dataset.view !== "worst") return;
  const bottom = innerHeight + 200;
  for (const strip of strips) {
    if (strip.isDone) continue;
    const bounds = strip.canvas.getBoundingClientRect();
    if (!bounds.width || bounds.top > bottom || bounds.bottom < -200) continue;
    const { context, width } = clearedCanvas(strip.canvas);
    context.font = `${colours.rem * 0.8}px ${colours.font}`;
    if (strip.isFrames) {
      drawThumbnail(context, strip.item, 0, 0, width);
      drawBoxesOver(context, strip.item, 0, 0, width);
      strip.isDone = sheetOf(strip.item) !== null;
    } else strip.isDone = drawCrop(context, strip.item, 0, 0, width);
  }
}

function forgetStrips() {
  for (const strip of strips) strip.isDone = false;
}
