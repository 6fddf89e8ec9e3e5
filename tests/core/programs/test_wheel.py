"""What `pip install .` gives: the wheel, installed in an environment of its own that holds nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from core.annotate.annotate import annotate
from core.dataset.merge import merge
from core.settings.render_pass import Pass
from core.settings.settings import LabelSource
from tests.builders import plain_job, rendered_frame

CHECKOUT = Path(__file__).resolve().parents[3]
_NAMES = """
    Amodal AtBorder Box Camera Cancelled Category CategoryError Dataset DatasetFormat DenseMap ExportFormat Exported
    ExrError Frame FrameFiles FrameJob FramePasses FrameRecord Frames Grouping Ignored IgnoredRegion ImageFormat
    ImageFrom InputError Instance Instancing Keypoint LabelSource LabelpassError Mask Media Merged NoSuchPass
    OutputError Part Parts Pass PassError Pose RandomDraw RecordError Region Report SceneError SeenInstance SeenPart
    Settings SoftMask SplitBy Splits SurfaceMap UsageError WorkerError WrittenMap __version__ annotate find_frames
    merge open read_passes read_record_file validate
"""
EXPORTED = _NAMES.split()


@dataclass(frozen=True)
class Environment:
    """A Python that has the wheel and what it requires; it runs in an empty folder."""

    folder: Path
    wheel: Path

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    def run(self, *command: str | Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        place = {"cwd": cwd or self.folder, "env": variables}
        return subprocess.run(list(map(str, command)), **place, capture_output=True, text=True)

    def run_well(self, *command: str | Path, cwd: Path | None = None) -> str:
        done = self.run(*command, cwd=cwd)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def python_says(self, code: str) -> str:
        return self.run_well(self.python, "-c", code)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(build, cwd=CHECKOUT, check=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "environment", with_pip=False, symlinks=sys.platform != "win32")
    environment = Environment(folder / "environment", wheel)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", environment.python]
    # The versions of this environment, which are in pip's cache.
    versions = ["-c", CHECKOUT / "requirements/runtime.txt", f"numpy=={version('numpy')}"]
    subprocess.run([*pip, "install", "--quiet", "--no-compile", *versions, wheel], check=True)
    return environment


def test_version(installed: Environment) -> None:
    expected = re.search(r'(?m)^version = "(.*)"', (CHECKOUT / "blender_manifest.toml").read_text())[1]
    assert installed.python_says("import labelpass; print(labelpass.__version__)") == expected
    assert installed.run_well(installed.python, "-m", "labelpass", "--version") == f"labelpass {expected}"
    assert installed.run_well(installed.python.with_name("labelpass"), "--version") == f"labelpass {expected}"


def test_names_in_pictures_need_no_other_fonts(installed: Environment) -> None:
    code = "from labelpass.core.drawing.lettering import line_of; runs = line_of('caf\\xe9 \\u6905', 16).runs; "
    code += "print([font.getname()[0] for font, _ in runs])"
    assert installed.python_says(code) == "['DejaVu Sans', 'Unifont']"


def test_the_page_of_a_report_is_complete(installed: Environment) -> None:
    """Its style and its scripts are files of their own."""
    code = "from labelpass.core.report.page.page_text import page_text; print(len(page_text('a', {}, '', '')))"
    assert int(installed.python_says(code)) > 50_000


def test_importing_it_imports_nothing_else(installed: Environment) -> None:
    """And errors, settings and records need no OpenEXR or Pillow when they are used either."""
    loaded = "sorted({'OpenEXR', 'PIL', 'numpy', 'tqdm', 'bpy', 'argparse', 'dataclasses'} & set(sys.modules))"
    assert installed.python_says(f"import sys, labelpass; print({loaded})") == "[]"
    code = f"import sys, labelpass as l; l.LabelpassError, l.Settings(), l.FrameRecord, l.FrameJob; print({loaded})"
    assert not {"OpenEXR", "PIL"} & set(re.findall(r"\w+", installed.python_says(code)))


def test_public_names(installed: Environment) -> None:
    code = "import labelpass; print(*labelpass.__all__); print(*(set(labelpass.__all__) - set(dir(labelpass))))"
    assert installed.python_says(code).split() == EXPORTED
    code = "import labelpass; [print(name, getattr(labelpass, name)) for name in labelpass.__all__]"
    assert len(installed.python_says(code).splitlines()) == len(EXPORTED)
    code = "from labelpass import *; print(annotate, LabelpassError, find_frames)"
    assert "annotate" in installed.python_says(code)
    code = "import labelpass; print(hasattr(labelpass, 'nothing'), hasattr(labelpass, '__path__'))"
    assert installed.python_says(code) == "False True"


def test_modules_of_core(installed: Environment) -> None:
    code = (
        "import labelpass; from labelpass.core.base.errors import UsageError; print(UsageError is labelpass.UsageError)"
    )
    assert installed.python_says(code) == "True"


def test_examples_of_the_docs(installed: Environment, tmp_path: Path, data: Path) -> None:
    """One after the other, in a folder with renders: passes, annotating, and reading what that has written."""
    text = (CHECKOUT / "docs/python.md").read_text(encoding="utf-8")
    (tmp_path / "renders").mkdir()
    for frame in ("0001", "0002"):
        shutil.copy(data / f"4.5/multilayer_{frame}.exr", tmp_path / f"renders/shot_{frame}.exr")
    (tmp_path / "renders/broken_0003.exr").write_bytes(b"no pixels")

    said = []
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", text, re.DOTALL)):
        example = tmp_path / f"example_{number}.py"
        example.write_text(code, encoding="utf-8")
        said.append(installed.run_well(installed.python, example, cwd=tmp_path))
        checked = check_types(installed, example)
        assert checked.returncode == 0, checked.stdout

    passes, annotated, read, exported = said
    assert re.fullmatch(r"combined, depth, object_index, .*\nobject 1: \d+ pixels, nearest at \d+\.\d\d", passes)
    assert re.search("^broken_0003: ", annotated, re.MULTILINE)
    assert re.search(r"^shot_0002: Ball\.Cut, 220 pixels, ", annotated, re.MULTILINE)
    assert annotated.splitlines()[-1] == "Everything agrees"
    assert read.startswith("2 frames, ")
    readme = re.findall(r"^```python\n(.*?)^```", (CHECKOUT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (code,) = [block for block in readme if "labelpass.open" in block]
    boxes = installed.run_well(installed.python, "-c", code, cwd=tmp_path).splitlines()
    assert [line.partition(" [('")[0] for line in boxes] == ["shot_0001", "shot_0002"]
    assert "('Ball.Cut', [" in boxes[1]
    instances = re.findall(r"^(shot_\d+: .*?), \d+ pixels, box ", annotated, re.MULTILINE | re.DOTALL)
    assert re.findall(r"^(shot_\d+: .*?) at \d+, \d+, colour ", read, re.MULTILINE | re.DOTALL) == instances
    assert len(instances) > 10
    assert exported.startswith("2 images exported: train ")
    assert {path.name for path in (tmp_path / "exports").iterdir()} == {"coco", "yolo_detect"}


def test_passes_of_the_readme(installed: Environment, tmp_path: Path, data: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", (CHECKOUT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (code,) = [block for block in blocks if "read_passes" in block]
    (tmp_path / "renders").mkdir()
    shutil.copy(data / "5.0/multilayer_0001.exr", tmp_path / "renders/0001.exr")
    shown = f"{code}\nprint(depth.shape == index.shape, depth.dtype, index.dtype, depth[index > 0].max() < 1000)"
    assert installed.run_well(installed.python, "-c", shown, cwd=tmp_path) == "True float32 uint32 True"


# Executes the code of a notebook, a cell after the other, and notes what Jupyter would show at the end of each.
RUN_NOTEBOOK = """
import ast, json, sys
from pathlib import Path

names, shown = {"__name__": "__main__"}, []
for cell in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        body = ast.parse("".join(cell["source"])).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), cell["id"], "exec"), names)
        shown.append(eval(compile(ast.Expression(last.value), cell["id"], "eval"), names) if last else None)
"""


def test_notebook(installed: Environment, tmp_path: Path, rendered_of: Any, independent: Any) -> None:
    """Of the file that it names it finds the passes and the boxes that another reader of EXR finds."""
    script = tmp_path / "run.py"
    tell = "[list(shown[0]), shown[1].size, {k: list(map(int, v)) for k, v in shown[2].items()}, shown[3].size]"
    script.write_text(f"{RUN_NOTEBOOK}\nprint(json.dumps({tell}))", encoding="utf-8")
    notebook = CHECKOUT / "examples/python/blog_post.ipynb"

    said = installed.run_well(installed.python, script, notebook, cwd=notebook.parent).splitlines()

    passes, depth_size, boxes, size = json.loads(said[-1])
    (rendered, _) = rendered_of("4.5", "multilayer")
    index = independent(rendered, Pass.OBJECT_INDEX, "X")
    height, width = index.shape
    assert depth_size == size == [width * 8, height * 8]
    assert set(passes) == {pass_.value for pass_ in rendered.passes}
    expected = {}
    for label in sorted({*index.ravel().astype(int)} - {0}):
        (y0, x0), (y1, x1) = (where(np.argwhere(index == label), axis=0) for where in (np.min, np.max))
        expected[str(label)] = [x0, y0, x1 + 1, y1 + 1]
    assert boxes == expected
    record = annotate(plain_job(rendered_frame(rendered), tmp_path / "out", labels=LabelSource.CRYPTO_OBJECT))
    areas = re.findall(r": (\d+) pixels, box \[", "\n".join(said))
    assert list(map(int, areas)) == [instance.mask.area for instance in record.instances]


DICTS = """
import json, sys
import labelpass
from detectron2_register import frame_dicts

dataset = labelpass.open(sys.argv[1])
print(json.dumps([frame_dicts(dataset), [category.name for category in dataset.categories]]))
"""


# Of detectron2 no more than what the example calls, as its page "Use Custom Datasets" describes that.
CATALOGS = """
from types import SimpleNamespace

_functions = {}
DatasetCatalog = SimpleNamespace(register=_functions.__setitem__, get=lambda name: _functions[name]())
MetadataCatalog = SimpleNamespace(get=lambda name: SimpleNamespace(set=lambda thing_classes: print(*thing_classes)))
"""


def test_detectron2(installed: Environment, tmp_path: Path, rendered_of: Any) -> None:
    """What detectron2 gets, as far as it goes without it: its masks, decoded by pycocotools, are those of COCO."""
    dataset = tmp_path / "dataset"
    for rendered in rendered_of("4.5", "multilayer"):
        annotate(plain_job(rendered_frame(rendered), dataset, labels=LabelSource.CRYPTO_OBJECT, pictures=False))
    merge(dataset)
    script = tmp_path / "dicts.py"
    script.write_text(DICTS, encoding="utf-8")
    shutil.copy(CHECKOUT / "examples/python/detectron2_register.py", tmp_path)

    frames, classes = json.loads(installed.run_well(installed.python, script, dataset, cwd=tmp_path))

    coco = COCO(dataset / "annotations/instances.json")
    assert [Path(frame["file_name"]) for frame in frames] == [dataset / one["file_name"] for one in coco.imgs.values()]
    for frame, image in zip(frames, coco.imgs.values(), strict=True):
        rows = coco.loadAnns(coco.getAnnIds(image["id"]))
        assert (frame["height"], frame["width"]) == (image["height"], image["width"])
        for annotation, row in zip(frame["annotations"], rows, strict=True):
            assert np.array_equal(coco_mask.decode(annotation["segmentation"]), coco.annToMask(row))
            x0, y0, x1, y1 = annotation["bbox"]
            assert [x0, y0, x1 - x0, y1 - y0] == row["bbox"]
            assert classes[annotation["category_id"]] == coco.cats[row["category_id"]]["name"]
    assert sum(len(frame["annotations"]) for frame in frames) > 10

    (tmp_path / "detectron2").mkdir()
    (tmp_path / "detectron2/data.py").write_text(CATALOGS, encoding="utf-8")
    said = installed.run_well(installed.python, tmp_path / "detectron2_register.py", dataset)
    counts = [f"{frame['file_name']}: {len(frame['annotations'])} instances" for frame in frames]
    assert said == "\n".join([" ".join(classes), *counts])


def test_types(installed: Environment, tmp_path: Path) -> None:
    """A type checker knows each name, and knows that there are no others."""
    mistakes = tmp_path / "mistakes.py"
    uses = "".join(f"reveal_type(labelpass.{name})\n" for name in EXPORTED)
    mistakes.write_text(f"import labelpass\n{uses}labelpass.nothing\nlabelpass.Settings(min_area='1')\n")

    said = check_types(installed, mistakes).stdout.splitlines()

    found = [line.partition(": ")[2] for line in said if line.startswith("mistakes.py:")]
    revealed, errors = found[: len(EXPORTED)], found[len(EXPORTED) :]
    assert all('Revealed type is "' in line and '"Any"' not in line for line in revealed), revealed
    assert [line.partition("[")[2] for line in errors] == ["attr-defined]", "arg-type]"], errors


def check_types(installed: Environment, file: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", installed.python, file.name]
    return installed.run(*command, "--cache-dir", installed.folder / "mypy", cwd=file.parent)
