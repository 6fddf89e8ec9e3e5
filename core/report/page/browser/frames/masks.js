// Compressed COCO masks: text to runs, and runs into the pixels of a layer.

/** The run lengths of a mask, column by column, zeros first. */
function runLengths(text) {
  const counts = [];
  for (let at = 0; at < text.length;) {
    let value = 0, shift = 0, more = true;
    while (more) {
      const code = text.charCodeAt(at++) - 48;
      value |= (code & 31) << shift;
      shift += 5;
      more = (code & 32) !== 0;
      if (!more && code & 16) value |= -1 << shift;
    }
    if (counts.length > 2) value += counts[counts.length - 2];
    counts.push(value);
  }
  return counts;
}

/** A byte for each pixel of an image, column by column: 1 in the mask. */
function maskPixels(text, size) {
  const pixels = new Uint8Array(size);
  let at = 0, isOne = 0;
  for (const count of runLengths(text)) {
    if (isOne) pixels.fill(1, at, at + count);
    at += count;
    isOne ^= 1;
  }
  return pixels;
}

/** Puts a mask into the pixels of a layer, each as one number in the order of ImageData.
 *
 * @param layer {pixels, width, height}
 * @param mask from maskPixels
 * @param colour "#rrggbb"
 * @param body, edge opacity from 0 to 255, within and at the border of the mask
 * @param without another mask whose pixels are left alone, or null
 * @param hatched whether every third diagonal stays free
 */
function paintMask(layer, mask, colour, body, edge, without, hatched) {
  const { pixels, width, height } = layer, [red, green, blue] = channels(colour);
  const inside = ((body << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  const border = ((edge << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  for (let x = 0, at = 0; x < width; x++) {
    for (let y = 0; y < height; y++, at++) {
      if (!mask[at] || (without && without[at])) continue;
      const isEdge = !mask[at - 1] || !mask[at + 1] || !mask[at - height] || !mask[at + height] || y === 0 || y === height - 1;
      if (isEdge) pixels[y * width + x] = border;
      else if (!hatched || (x + y) % 3) pixels[y * width + x] = inside;
    }
  }
}
