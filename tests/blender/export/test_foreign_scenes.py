"""The headless script on a file of a stranger: one command, or a reason before the first frame, and no trace."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import bpy
import pytest

from tests.blender.foreign_scenes import EEVEE, kitchen, museum, street
from tests.blender.programs import headless, labelpass

QUICK = ("--resolution", "64x48", "--samples", "1", "--frames", "1-2")


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary files go where `tree` sees those that are left."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with its content, and every folder, but for the dataset."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name != "out" and not name.startswith("out/"):
            found[name] = sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
    return found


def red_lines(said: str) -> list[str]:
    return [line.removeprefix("Labelpass: ") for line in said.splitlines() if line.startswith("Labelpass: ")]


@pytest.mark.parametrize(
    ("build", "options", "instances", "said"),
    [
        (kitchen, (), 16, "Set Up Passes, for this run: Crypto"),
        (
            street,
            ("--engine", "cycles"),
            8,
            "File Output nodes write nothing in this run: In a Group, Passes and Pictures",
        ),
        (museum, ("--camera", "Closeup"), None, "For this run: 1 sample a pixel; resolution 64 x 48 at 100 %; camera"),
    ],
)
def test_one_command(
    tmp_path: Path,
    build: Callable[[Path], Path],
    options: tuple[str, ...],
    instances: int | None,
    said: str,
) -> None:
    blend = build(tmp_path)
    before = tree(tmp_path)

    done = headless(blend, "--render", "--set-up-passes", *QUICK, *options, "--output", tmp_path / "out")

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert tree(tmp_path) == before, "nothing but the dataset is written"
    assert said in done.stdout
    assert "2 frames annotated; " in done.stdout
    coco = json.loads((tmp_path / "out/annotations/instances.json").read_text())
    names = [f"{blend.stem}_{number:04}" for number in (1, 2)]
    assert [image["file_name"] for image in coco["images"]] == [f"images/{name}.png" for name in names]
    assert {(image["width"], image["height"]) for image in coco["images"]} == {(64, 48)}
    assert len(coco["annotations"]) == instances if instances else len(coco["annotations"]) > 0
    assert sorted(path.name for path in (tmp_path / "out/renders").iterdir()) == [f"{name}.exr" for name in names]
    assert labelpass("validate", tmp_path / "out").returncode == 0


@pytest.mark.parametrize(
    ("build", "options", "lines"),
    [
        (
            kitchen,
            (),
            [
                "No pass separates objects: Cryptomatte Object is off in the view layer 'ViewLayer'",
                "Nothing was rendered; --set-up-passes turns on what is missing, without a change to the .blend",
            ],
        ),
        (museum, ("--set-up-passes",), ["The scene has no camera; add one and make it the active camera"]),
    ],
)
def test_a_reason_before_the_first_frame(
    tmp_path: Path, build: Callable[[Path], Path], options: tuple[str, ...], lines: list[str]
) -> None:
    blend = build(tmp_path)
    before = tree(tmp_path)
    done = headless(blend, "--render", *options, "--frames", "1-250", "--output", tmp_path / "out")
    assert done.returncode == 1
    assert red_lines(done.stderr) == lines
    assert tree(tmp_path) == before
    assert not (tmp_path / "out").exists()


def test_what_is_missing_is_said_and_does_not_stop(tmp_path: Path) -> None:
    blend = street(tmp_path)
    done = headless(blend, "--render", *QUICK, "--engine", "cycles", "--output", tmp_path / "out")
    assert done.returncode == 1, "for the passes"
    first, second, _ = red_lines(done.stderr)
    assert first.startswith("No pass separates objects")
    assert second.startswith(f"1 linked library is missing ({tmp_path / 'car.blend'}), so renders lack")


def test_many_files_become_one_dataset(tmp_path: Path) -> None:
    """As docs/command-line.md says it: a sequence for each .blend."""
    options = ("--render", "--set-up-passes", *QUICK, "--engine", "cycles", "--camera", "Camera", "--no-merge")
    for build in (kitchen, museum):
        blend = build(tmp_path)
        done = headless(blend, *options, "--sequence", blend.stem, "--output", tmp_path / "out")
        assert done.returncode == 0, done.stderr
    assert labelpass("merge", tmp_path / "out").returncode == 0
    coco = json.loads((tmp_path / "out/annotations/instances.json").read_text())
    assert [image["file_name"] for image in coco["images"]] == [
        f"images/{name}/{name}_{number:04}.png" for name in ("kitchen", "museum") for number in (1, 2)
    ]
    assert (tmp_path / "out/renders/museum/museum_0002.exr").is_file()


def test_engines() -> None:
    from labelpass.operators.rendering.trial import ENGINES

    assert ENGINES == {"cycles": "CYCLES", "eevee": EEVEE}


def test_a_render_leaves_the_output_of_a_scene_as_it_was(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """Also where it is a film in a file that is named like one, of two views."""
    from labelpass.operators.export.own_output import rendering_into
    from labelpass.operators.export.sources import frame_file

    render = scene.render
    if bpy.app.version >= (5, 0, 0):
        render.image_settings.media_type = "VIDEO"
    render.image_settings.file_format = "FFMPEG"
    render.use_multiview = render.use_placeholder = True
    render.filepath = rf"..\out\film{render.file_extension}"
    settings = (render, render.image_settings)
    before = [
        {prop.identifier: repr(getattr(owner, prop.identifier)) for prop in owner.bl_rna.properties}
        for owner in settings
    ]
    folder = tmp_path / "{a} folder" / "renders"
    with rendering_into(scene, folder):
        assert render.image_settings.file_format == "OPEN_EXR_MULTILAYER"
        assert render.image_settings.views_format == "MULTIVIEW"
        assert not render.use_placeholder
        assert frame_file(scene, 1) == folder / "film0001.exr"
        bpy.ops.render.render(animation=True)
    assert sorted(path.name for path in folder.iterdir()) == ["film0001.exr", "film0002.exr"]
    after = [
        {prop.identifier: repr(getattr(owner, prop.identifier)) for prop in owner.bl_rna.properties}
        for owner in settings
    ]
    assert after == before
