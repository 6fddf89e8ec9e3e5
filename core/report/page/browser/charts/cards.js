// The sidebar and the cards of charts.

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
  charts.push({ box: list, filter, paint });
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
    else addChoices(filter, box, { category: (bin) => categories[bin].colour, split: splitColour }[filter.key]);
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
  if (filterOf("camera")) addCameras(addCard());
}
