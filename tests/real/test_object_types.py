"""Each kind of thing that EEVEE can show: labelled, or named before the render and at the frame, as the docs say.

Shaders take long here, so these are the things that EEVEE treats in another way than Cycles, or that most scenes have.
"""

import subprocess

import pytest

from tests import object_types
from tests.real.conftest import CHECKOUT, InstalledBlender
from tools.real_blender import virtual_display

BACKDROP = "backdrop"
TITLES = (
    "mesh",
    "hair curves",
    "mesh with a volume shader alone",
    "Grease Pencil",
    "Grease Pencil that nodes bring in",
    "Holdout shader",
    "three quarters transparent",
    "material with the Render Method Blended",
    "area light that the camera sees",
)
# What EEVEE draws in new Blenders only, as the page says below the table.
NOT_SEEN_BEFORE = {"area light that the camera sees": (5, 1)}


@pytest.fixture(scope="module")
def outcomes(labelpass_blender: InstalledBlender) -> dict[str, object_types.Outcome]:
    """Of each title."""
    folder = labelpass_blender.folder / "object_types"
    folder.mkdir()
    for path in (CHECKOUT / "tests/blender/object_types.py", CHECKOUT / "tests/real/render_object_types.py"):
        (folder / path.name).write_text(path.read_text())
    blender = labelpass_blender.blender
    engine = "BLENDER_EEVEE_NEXT" if blender.version().startswith("4") else "BLENDER_EEVEE"
    arguments = ["-b", "-P", folder / "render_object_types.py", "--python-exit-code", "1", "--"]
    with virtual_display() as display:
        done = subprocess.run(
            blender.command([*arguments, folder, engine, "16", *TITLES], [labelpass_blender.folder]),
            env=blender.environment(labelpass_blender.user, display),
            capture_output=True,
            text=True,
            timeout=600,
        )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    output = object_types.annotate(folder, "crypto_object")
    return {title: object_types.outcome(folder, output, object_types.stem(title), BACKDROP) for title in TITLES}


@pytest.mark.parametrize("title", TITLES)
def test_what_becomes_of_it(
    labelpass_blender: InstalledBlender, outcomes: dict[str, object_types.Outcome], title: str
) -> None:
    expected = object_types.table()[title][object_types.EEVEE]
    version = tuple(map(int, labelpass_blender.blender.version().split(".")[:2]))
    if version < NOT_SEEN_BEFORE.get(title, version):
        expected = "not seen"
    assert outcomes[title].word == expected, outcomes[title].detail
