"""The picture to check boxes by: each with its name, over the frame."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw

from ...categories.palette import Colour, category_colours, is_light
from ...records.instance import Instance
from ..image_files import Bytes
from ..lettering import line_of, size_of_letters
from ..text_labels import first_free, places_for_name, short_name

_MARGIN = 3
# Of the largest instances, as in the overlay: more cannot be read, and take long to draw.
_MOST_NAMES = 100


def draw_boxes(
    image: Bytes,
    instances: Sequence[Instance],
    categories: Sequence[str],
    own: Mapping[str, Colour] | None = None,
    most_names: float = math.inf,
) -> Bytes:
    """Draw a box around each instance, and write the names of the hundred largest.

    Args:
        image: (H, W, 3) uint8.
        instances: those to draw.
        categories: names of all categories; the place of a name decides its colour.
        own: colours that the user chose, by the name of the category.
        most_names: which part of the image names may cover; then small instances have none, and no name hides another.

    Returns:
        (H, W, 3) uint8, a new image.
    """
    picture = Image.fromarray(image)
    draw = ImageDraw.Draw(picture)
    letters = size_of_letters(min(picture.size))
    line = max(1, round(picture.height / 300))
    colours = category_colours(categories, own)
    # Large boxes first, so that small ones stay readable.
    by_size = sorted(instances, key=lambda instance: -instance.mask.area)
    for instance in by_size:
        box, colour = instance.mask.box, colours[instance.category]
        draw.rectangle((box.x0, box.y0, box.x1 - 1, box.y1 - 1), outline=colour, width=line)
    plates = np.empty((_MOST_NAMES, 4), dtype=np.int64)
    number, room = 0, most_names * picture.width * picture.height
    for instance in by_size[:_MOST_NAMES]:
        box, colour = instance.mask.box, colours[instance.category]
        name = line_of(short_name(instance.name), letters)
        size = math.ceil(name.width) + 2 * _MARGIN, name.height
        places = places_for_name((box.x0, box.y0, box.x1, box.y1), size, picture.size)
        free = first_free(places, plates[:number])
        room -= size[0] * size[1]
        if room < 0 or (free is None and most_names < math.inf):
            continue
        plates[number] = places[free or 0]
        x0, y0, x1, y1 = plates[number].tolist()
        draw.rectangle((x0, y0, x1 - 1, y1 - 1), fill=colour)
        name.draw(draw, x0 + _MARGIN, y0, "black" if is_light(colour) else "white")
        number += 1
    return np.asarray(picture)
