// The table of categories: what there is of each, under all filters but that of categories.

const COCO_SIZES = [["small", 32 * 32], ["medium", 96 * 96], ["large", Infinity]];

function addCategoryTable(card) {
  const hasSplits = head.splits.length > 1;
  card.append(heading("Instances by category", hasSplits ? "small, medium and large as COCO counts; share of each split" : ""));
  const scroller = element("div", "scroller"), table = element("table"), titles = element("tr");
  for (const title of ["category", "instances", "images", "objects", "s · m · l", "median", "at border", "visible", ...(hasSplits ? head.splits : [])]) {
    const cell = element("th", "", title);
    cell.scope = "col";
    titles.append(cell);
  }
  table.append(titles);
  scroller.append(table);
  card.append(scroller);
  charts.push({ box: card, paint: () => paintCategories(table, hasSplits) });
}

function paintCategories(table, hasSplits) {
  const rows = countCategories();
  while (table.rows.length > 1) table.deleteRow(1);
  rows.forEach((row, category) => {
    const line = element("tr"), title = element("th"), name = element("span", "category"), swatch = element("i", "swatch");
    title.scope = "row";
    swatch.style.background = categories[category].colour;
    name.append(swatch, nameElement(categories[category].name));
    title.append(name);
    const cells = [formatted(row.count), formatted(row.images), formatted(row.objects), sizesBar(row, category),
      row.count ? inUnit(Math.sqrt(row.median), "px") : "–", percent(row.atBorder, row.count), row.known ? percent(row.visible, row.known) : "–"];
    if (hasSplits) row.splits.forEach((count) => cells.push(`${formatted(count)} · ${percent(count, row.count)}`));
    line.append(title, ...cells.map((cell) => {
      const made = element("td");
      made.append(cell);
      return made;
    }));
    table.append(line);
  });
}

function countCategories() {
  const { state } = sides.instances, { number } = filterOf("category"), names = instances.names.length;
  const rows = categories.map(() => ({
    count: 0, images: 0, lastFrame: -1, objects: 0, isCounted: new Uint8Array(names), sizes: [0, 0, 0], atBorder: 0,
    visible: 0, known: 0, splits: new Uint32Array(head.splits.length),
  }));
  for (let i = 0; i < instances.count; i++) {
    if (state[i] === IN || state[i] === number) countInstance(rows[instances.category[i]], i);
  }
  addMedians(rows, (i) => state[i] === IN || state[i] === number);
  return rows;
}

function countInstance(row, i) {
  const frame = instances.frame[i], area = instances.area[i], name = instances.name[i];
  row.count++;
  if (row.lastFrame !== frame) row.images++;
  row.lastFrame = frame;
  if (!row.isCounted[name]) row.objects++;
  row.isCounted[name] = 1;
  row.sizes[COCO_SIZES.findIndex(([, below]) => area < below)]++;
  row.atBorder += instances.at_border[i];
  if (!Number.isNaN(instances.visible[i])) { row.visible += instances.visible[i]; row.known++; }
  row.splits[frames.split[frame]]++;
}

/** Adds the median area of each row: that of the instance in the middle, going through all of them by area. */
function addMedians(rows, isThere) {
  const seen = new Uint32Array(rows.length);
  for (const i of itemsBySize()) {
    const category = instances.category[i], row = rows[category];
    if (isThere(i) && seen[category]++ === row.count >> 1) row.median = instances.area[i];
  }
}

function sizesBar(row, category) {
  const bar = element("div", "sizes");
  bar.setAttribute("role", "img");
  bar.setAttribute("aria-label", COCO_SIZES.map(([name], i) => `${name} ${percent(row.sizes[i], row.count)}`).join(", "));
  bar.title = bar.getAttribute("aria-label");
  row.sizes.forEach((count, i) => {
    const part = element("i");
    part.style.width = row.count ? `${(100 * count) / row.count}%` : "0";
    part.style.background = categories[category].colour;
    part.style.opacity = [0.35, 0.65, 1][i];
    bar.append(part);
  });
  return bar;
}
