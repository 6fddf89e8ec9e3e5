"""From where on something is a fault: every limit of the judgement, defined once, with its default, unit and meaning.

    {"min_instances": 30, "min_visible": 0.2}

Those that a file does not name stay as they are.
"""

import dataclasses
import difflib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ...base.errors import InputError
from ...base.input_files import read_json
from ...dataset.statistics import FEWEST_PIXELS, LEAST_VISIBLE, LONGEST, NARROWEST
from ...drawing.read_images import DARK_LEVEL

_KEY = "limits"


def _limit(default: float, unit: str, help: str, most: float = math.inf, least: float = 0) -> Any:
    metadata = {"unit": unit, "help": help, "least": least, "most": most}
    return dataclasses.field(default=default, metadata=metadata)


def _share(default: float, help: str) -> Any:
    return _limit(default, "share", help, 1)


@dataclass(frozen=True)
class Limits:
    """All limits. Shares are parts of a whole, from 0 to 1."""

    # Of images.
    dark_level: int = _limit(
        DARK_LEVEL, "level of 255", "Dark: all but a hundredth of the pixels are no brighter than this", 255
    )
    min_contrast: float = _share(0.03, "Flat: the standard deviation of the grey values is below this")
    max_burnt_out: float = _share(0.5, "Burnt out: more of the pixels are white")
    alike_bits: int = _limit(6, "bits of 64", "Nearly the same: fingerprints of two images differ in no more bits", 10)
    neighbour_bits: int = _limit(
        12, "bits of 64", "Neighbours in other splits: fingerprints of two in a row differ in no more bits", 64
    )
    max_alike_brightness: float = _share(0.05, "Nearly the same: brightness of two images differs by no more")
    min_size_share: float = _share(0.05, "Unusual size: fewer of the images have it")
    # Of frames.
    crowded_times: float = _limit(5, "times the median", "Crowded: a frame has as many times the median of instances")
    crowded_instances: int = _limit(50, "instances", "Crowded: and at least so many")
    # Of instances.
    min_visible: float = _share(LEAST_VISIBLE, "Hidden: less of the instance is seen")
    min_pixels: int = _limit(FEWEST_PIXELS, "pixels", "Sliver: the mask has fewer pixels")
    min_side: int = _limit(NARROWEST, "pixels", "Narrow: the shorter side of the box is shorter")
    max_ratio: float = _limit(
        LONGEST, "to 1", "Long: the longer side of the box is more times the shorter one", least=1
    )
    max_outside: float = _share(0.6, "Cut by the border: more of the object lies outside of the image")
    torn_pieces: int = _limit(4, "pieces", "Torn: the mask falls into so many pieces or more", least=2)
    min_stands_out: float = _share(0.02, "Blends in: its mean colour is closer to that of the pixels around it")
    min_light: float = _share(0.03, "In the dark: the mean of its grey values is below this")
    max_light: float = _share(0.97, "Burnt out: the mean of its grey values is above this")
    min_of_box: float = _share(0.03, "Mostly holes: the mask fills less of its box")
    max_of_image: float = _share(0.95, "Fills the image: its box covers more of the image")
    # Of the dataset.
    min_instances: int = _limit(100, "instances", "Rare category: there are fewer instances of it")
    max_imbalance: float = _limit(
        10, "times", "Imbalance: there are more times as many of one category as of another", least=1
    )
    max_empty: float = _share(0.1, "Many empty images: more of the images have no label")
    max_at_border: float = _share(0.2, "At the border: more of the instances touch it")
    min_from_side: float = _share(0.03, "Never seen from a side: fewer of the instances are seen from there")
    min_from_above: float = _share(0.01, "Never seen from straight above: fewer are seen from there")
    min_from_below: float = _share(0.005, "Never seen from below: fewer are seen from there")
    min_camera_move: float = _limit(0.01, "m", "One place: all cameras are within this distance along each axis")
    # Of the verdict.
    few_weak: float = _share(0.02, "Worth a look: more of the labels are too weak to learn from")
    many_weak: float = _share(0.25, "Not ready: more of the labels are too weak to learn from")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Limits from a JSON file, which may be the figures.json of another report.

        Raises:
            InputError: it cannot be read, or a limit in it is none.
        """
        try:
            data = read_json(path)
        except OSError as error:
            raise InputError(
                f"Cannot read the limits in {path}: {error.strerror}; give a file that is there"
            ) from error
        except ValueError as error:
            raise InputError(f"{path} is not a JSON file ({error}); write for example {_EXAMPLE}") from error
        if isinstance(data, dict) and isinstance(data.get(_KEY), dict):
            data = data[_KEY]
        if not isinstance(data, dict):
            raise InputError(f"{path} holds no limits; write for example {_EXAMPLE}")
        given: dict[str, Any] = {name: _checked(name, value, path) for name, value in data.items()}
        return cls(**given)

    def as_json(self) -> dict[str, float]:
        return dataclasses.asdict(self)


_EXAMPLE = '{"min_instances": 30}'
_FIELDS = {field.name: field for field in dataclasses.fields(Limits)}


def _checked(name: str, value: Any, path: Path) -> float:
    """A limit with this name; InputError where it cannot have this value, or where there is none of that name."""
    if name not in _FIELDS:
        near = difflib.get_close_matches(name, _FIELDS, 1)
        way_out = f"write {near[0]}" if near else "docs/report.md lists all of them"
        raise InputError(f"{path} names the limit {name!r}, which there is not; {way_out}")
    field = _FIELDS[name]
    least, most, is_whole = field.metadata["least"], field.metadata["most"], field.type is int
    fits = isinstance(value, int) or (isinstance(value, float) and (not is_whole or value.is_integer()))
    if not fits or isinstance(value, bool) or not least <= value <= most:
        kind = "a whole number" if is_whole else "a number"
        span = f"from {least:g} to {most:g}" if math.isfinite(most) else f"of at least {least:g}"
        raise InputError(
            f"The limit {name} in {path} cannot be {value!r}; write {kind} {span} ({field.metadata['unit']})"
        )
    return int(value) if is_whole else float(value)
