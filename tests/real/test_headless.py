"""blender -b scene.blend -P export_annotations.py, with the script of the installed extension."""

from pathlib import Path

from tests.dataset import check_dataset
from tests.real.conftest import CHECKOUT, InstalledBlender

# The script, and what it leaves in Blender's process.
RUN = """
import runpy, sys
try:
    runpy.run_path({script!r}, run_name="__main__")
except SystemExit as end:
    code = end.code
print("STRAYS", runpy.run_path({traces!r})["strays"]())
sys.exit(code)
"""


def test_render_and_export(labelpass_blender: InstalledBlender, demo: Path) -> None:
    guard = demo.with_name("forbidden.py")
    guard.write_text(Path(__file__).with_name("forbidden.py").read_text())
    traces, run = demo.with_name("traces.py"), demo.with_name("run.py")
    traces.write_text((CHECKOUT / "tests/installed/traces.py").read_text())
    script, output = labelpass_blender.extension / "export_annotations.py", demo.with_name("dataset")
    run.write_text(RUN.format(script=str(script), traces=str(traces)))

    said = labelpass_blender.run_well(
        "-b", demo, "-P", guard, "-P", run, "--", "--render", "--frames", "1-2", "--output", output
    )

    assert "STRAYS []" in said
    assert "2 frames annotated" in said
    check_dataset(output, ["demo_0001", "demo_0002"])


def test_enable_disable_and_reload(labelpass_blender: InstalledBlender) -> None:
    folder = labelpass_blender.folder / "lifecycle"
    folder.mkdir()
    for name in ("lifecycle.py", "traces.py"):
        (folder / name).write_text((CHECKOUT / "tests/installed" / name).read_text())
    said = labelpass_blender.run_well("-b", "--python-exit-code", "1", "-P", folder / "lifecycle.py")
    assert "COMES AND GOES" in said
    assert "Traceback" not in said
