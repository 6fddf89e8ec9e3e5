// Puts the page together: the bar of the selection, the views, and what happens when a filter changes.

/** How long it took to filter, from the choice to the counts of all charts in sight and the list, and to draw; ms. */
const timing = { filter: [], draw: [] };

/** Lets a filter pass some bins only, and shows what is left. */
function chooseBins(filter, bins) {
  const began = performance.now();
  setBins(filter, bins);
  changed(began);
}

/** Some filter has changed, since `began`. */
function changed(began = performance.now()) {
  recount();
  timing.filter.push(performance.now() - began);
  fillOrders();
  showAll();
}

/** Says anew what is selected: counts of all charts in sight, and the list of the gallery. */
function recount() {
  applyFilters();
  for (const { box, filter } of charts) if (filter && box.offsetParent) countedNow(filter);
  if (!isAsFound() && listed.order === "finding") listed.order = "order";
  listItems();
}

function showAll() {
  writeBar();
  paintFindings();
  paintCharts();
  drawGallery();
  paintStrips();
}

function paintCharts() {
  for (const chart of charts) if (chart.box.offsetParent) chart.paint();
}

function writeBar() {
  const { frameCount, instanceCount } = selection, bold = (number) => element("b", "", formatted(number));
  if (frameCount === frames.count && instanceCount === instances.count) {
    $("#count").replaceChildren(bold(frameCount), " images, ", bold(instanceCount), " instances");
  } else {
    $("#count").replaceChildren(bold(instanceCount), ` of ${formatted(instances.count)} instances in `, bold(frameCount), ` of ${formatted(frames.count)} images`);
  }
  $("#chips").replaceChildren(...chips());
  for (const made of document.querySelectorAll("#mode button")) made.setAttribute("aria-pressed", made.dataset.mode === listed.mode);
  for (const made of document.querySelectorAll("#parts button")) made.setAttribute("aria-pressed", made.dataset.parts === shownParts);
  if (document.activeElement !== $("#find") || !selection.text) $("#find").value = selection.text;
}

function chips() {
  const made = [];
  const add = (text, action) => {
    const chip = button("chip", text, action);
    chip.setAttribute("aria-label", `Remove the filter ${text}`);
    made.push(chip);
  };
  if (selection.text) add(`“${selection.text}”`, () => { setText(""); changed(); });
  if (selection.finding) add(findingText(selection.finding), () => { setFinding(null); changed(); });
  for (const filter of filters) if (filter.isShown && filter.chosen) add(filterText(filter), () => chooseBins(filter, null));
  if (made.length) made.push(withKey(button("link small", "Clear", () => { clearFilters(); changed(); }), "Esc"));
  return made;
}

function filterText(filter) {
  const bins = chosenBins(filter);
  if (filter.key === "view") return `seen from ${viewText(bins[0])}`;
  if (filter.key === "centre") return "part of the image";
  if (filter.key === "camera") return "some places of cameras";
  if (filter.labels.length) return `${filter.title}: ${bins.map((bin) => filter.labels[bin]).join(", ")}`;
  return `${filter.title} ${rangeText(filter, bins[0], bins.at(-1))}`;
}

function changeMode(mode) {
  setMode(mode);
  gallery.scrollTop = 0;
  listItems();
  fillOrders();
  showAll();
}

function fillOrders() {
  const options = ordersOfMode().map(([name, title]) => new Option(title, name));
  if (isAsFound()) options.unshift(new Option("As found", "finding"));
  $("#sort").replaceChildren(...options);
  $("#sort").value = listed.order;
}

function showView(view) {
  document.body.dataset.view = view;
  for (const tab of document.querySelectorAll("nav button")) tab.setAttribute("aria-selected", tab.dataset.go === view);
  showAll();
}

function startBar() {
  $("#title").append(nameElement(head.title));
  for (const tab of document.querySelectorAll("nav button")) tab.onclick = () => showView(tab.dataset.go);
  for (const made of document.querySelectorAll("#mode button")) made.onclick = () => changeMode(made.dataset.mode);
  $("#parts").hidden = head.splits.length < 2;
  for (const made of document.querySelectorAll("#parts button")) made.onclick = () => showParts(made.dataset.parts);
  $("#sort").onchange = (event) => {
    listed.order = event.target.value;
    gallery.scrollTop = 0;
    listItems();
    drawGallery();
  };
  $("#copy-frames").onclick = (event) => copyFrames(true, event.currentTarget);
  $("#copy-others").onclick = (event) => copyFrames(false, event.currentTarget);
  $("#print").onclick = () => window.print();
  const find = element("input");
  Object.assign(find, { type: "search", id: "find", placeholder: "Find a frame or an object   /" });
  find.setAttribute("aria-label", "Find a frame or an object");
  find.oninput = () => { setText(find.value); changed(); };
  $("#side").append(element("section"));
  $("#side section").append(find);
}

function copyFrames(isSelected, onButton) {
  const { text, others } = frameNumbers(isSelected);
  copyText(text, onButton, others ? `Copied; also ${counted(others, "frame")} of other sequences` : "Copied");
}

/** Sizes or colours have changed. */
function redrawAll() {
  readColours();
  forgetStrips();
  maskLayer.frame = -1;
  showAll();
  drawFrame();
}

/** Paper shows the verdict and the charts, and is light. */
function startPrinting() {
  let view = "";
  addEventListener("beforeprint", () => {
    view = document.body.dataset.view;
    document.documentElement.classList.add("printing");
    document.body.dataset.view = "charts";
    redrawAll();
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("printing");
    readColours();
    showView(view);
  });
}

async function start() {
  await readData();
  readColours();
  makeFilters();
  startBar();
  startCharts();
  startVerdict();
  startGallery();
  startWorst();
  startFrameView();
  startKeys();
  startPrinting();
  addEventListener("resize", redrawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
  applyFilters();
  listItems();
  fillOrders();
  showView("gallery");
  openFromAddress();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}

start();
