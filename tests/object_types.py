"""What became of each kind of thing that Blender can show: in the picture, in the labels, and in words.

docs/object-types.md is the table of it. The scenes are in tests/blender/object_types.py; what that leaves in a folder
is annotated here and compared, so that the bpy module and real Blender are judged in the same way.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pycocotools import mask as coco_mask

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = CHECKOUT / "docs/object-types.md"
# The columns of the page.
OBJECT_INDEX, CRYPTOMATTE, EEVEE = range(3)
# What is seen of a thing changes a pixel by so much, of 255; noise does not.
_SEEN = 6
# A thing has more pixels than its outline, which belongs to it by a part.
_FEWEST_PIXELS, _LEAST_PART = 25, 0.6
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Outcome:
    """What became of a thing.

    Attributes:
        word: as in the table of the page.
        detail: what that is made of, for the message of a test.
    """

    word: str
    detail: str


def table() -> dict[str, tuple[str, str, str]]:
    """Title of a thing -> what the page says of it in each column."""
    rows = [line.strip("|").split("|") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    return {row[0].strip(): (row[1].strip(), row[2].strip(), row[3].strip()) for row in rows[2:]}


def stem(title: str) -> str:
    """The name of a scene's files."""
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower())


def annotate(folder: Path, labels: str) -> Path:
    """Make the dataset of all frames by one label pass, and let it check itself."""
    output = folder / labels
    common = ["--scene", folder / "scenes", "--labels", labels, "--no-pictures"]
    for arguments in (["annotate", folder / "frames", "--output", output, *common], ["merge", output]):
        _run(*arguments)
    assert "Everything agrees" in _run("validate", output)
    return output


def _run(*arguments: object) -> str:
    command = [sys.executable, "-m", "core", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def outcome(folder: Path, output: Path, name: str, backdrop: str) -> Outcome:
    """What became of the thing in a scene.

    Args:
        folder: where the scenes were rendered to.
        output: what was made of it.
        name: of the scene.
        backdrop: name of the scene with nothing in it.
    """
    seen = np.abs(_picture(output, name) - _picture(output, backdrop)).max(axis=-1) > _SEEN
    record = json.loads((output / f"records/{name}_0001.json").read_text(encoding="utf-8"))["record"]
    labelled = np.zeros(seen.shape, dtype=bool)
    glass = np.zeros(seen.shape, dtype=bool)
    for one in record["instances"]:
        if one["name"] != "Other":
            mask = coco_mask.decode({"size": list(seen.shape), "counts": one["rle"]}).astype(bool)
            labelled |= mask
            glass |= mask & (one["name"] == "Glass")
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))[name]
    line, note = (
        any(f"'{facts['named']}'" in text for text in texts) for texts in (facts["lines"][output.name], record["notes"])
    )
    detail = f"{seen.sum()} seen, {labelled.sum()} labelled, {(labelled & seen).sum()} both; {facts}; {record['notes']}"
    return Outcome(_word(seen, labelled, glass, facts["background"], line, note), detail)


def _word(seen: Mask, labelled: Mask, glass: Mask, background: bool, line: bool, note: bool) -> str:
    if seen.sum() < _FEWEST_PIXELS:
        return "not seen" if not labelled.any() and not line and not note else "not seen, but labelled or named"
    named = {(True, True): "line and note", (False, True): "note", (True, False): "line"}.get((line, note), "")
    if glass.any():
        return "of the glass"
    if (labelled & seen).sum() >= _LEAST_PART * seen.sum():
        return f"yes; {named}" if named else "yes"
    if background and not named and not labelled.any():
        return "ignored"
    return f"{'in part' if labelled.any() else 'no'}; {named or 'not a word'}"


def _picture(output: Path, name: str) -> npt.NDArray[np.int16]:
    with Image.open(output / f"images/{name}_0001.png") as image:
        return np.asarray(image.convert("RGB"), dtype=np.int16)
