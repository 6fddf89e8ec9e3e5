"use strict";

// Elements, numbers and units. Whatever comes from a dataset becomes text here, never markup.

const $ = (selector) => document.querySelector(selector);

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function button(className, text, action) {
  const made = element("button", className, text);
  made.onclick = action;
  return made;
}

/** A name of the dataset: in its own direction of writing, and cut off where there is no room. */
function nameElement(text) {
  const made = element("bdi", "name-text", text);
  made.title = text;
  return made;
}

function heading(title, note) {
  const made = element("h2");
  made.append(element("span", "", title), element("span", "range", note || ""));
  return made;
}

const formatted = (number) => number.toLocaleString("en");

const counted = (number, noun) => `${formatted(number)} ${noun}${number === 1 ? "" : "s"}`;

/** A part of a whole; neither none nor all of it, unless that is so. */
function percent(part, whole) {
  if (!whole) return "–";
  const share = (100 * part) / whole;
  if (part && share < 1) return "<1%";
  if (part < whole && share > 99) return ">99%";
  return `${Math.round(share)}%`;
}

/** A number with its unit, see Filter.unit. */
function inUnit(value, unit) {
  switch (unit) {
    case "share": return `${+(100 * value).toFixed(1)}%`;
    case "px": return `${value < 10 ? +value.toFixed(1) : Math.round(value)}\u00a0px`;
    case "m": case "mm": return `${+value.toPrecision(3)}\u00a0${unit}`;
    case "ratio": return value >= 1 ? `${+value.toFixed(1)}:1` : `1:${+(1 / value).toFixed(1)}`;
    case "count": return formatted(value);
    default: return String(+value.toPrecision(4));
  }
}

/** "2,9-10,12", as --frames takes it. */
function asRanges(numbers) {
  const sorted = [...new Set(numbers)].sort((one, other) => one - other);
  const ranges = [];
  for (let i = 0; i < sorted.length; i++) {
    const first = sorted[i];
    while (sorted[i + 1] === sorted[i] + 1) i++;
    ranges.push(first === sorted[i] ? `${first}` : `${first}-${sorted[i]}`);
  }
  return ranges.join(",");
}

/** Copies a text, and says so on the button for a moment. */
async function copyText(text, onButton, done = "Copied") {
  const label = (onButton.label ??= [...onButton.childNodes]);
  let said = done;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    said = copyByHand(text) ? done : "Not copied";
  }
  onButton.replaceChildren(said);
  say(said);
  setTimeout(() => onButton.replaceChildren(...label), done === "Copied" ? 1200 : 4000);
}

/** For browsers that lend no clipboard to a page from a disk. */
function copyByHand(text) {
  const area = element("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** For screen readers. */
function say(text) {
  $("#said").textContent = text;
}

function showTip(event, text) {
  const tip = $("#tip");
  tip.style.display = text ? "block" : "none";
  if (!text) return;
  tip.textContent = text;
  tip.style.left = `${Math.min(innerWidth - tip.offsetWidth - 8, event.clientX + 12)}px`;
  tip.style.top = `${Math.min(innerHeight - tip.offsetHeight - 8, event.clientY + 16)}px`;
}
