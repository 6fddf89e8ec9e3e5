"""The job type for Flamenco, compiled with what Flamenco's manager gives to scripts put in its place."""

import json
from typing import Any

import pytest
import quickjs

from tests.farm.conftest import CHECKOUT

# As https://flamenco.blender.org/usage/job-types/ describes it: author, frameChunker() and a job that takes tasks.
MANAGER = """
const tasks = [];
const author = {
    Command: (name, parameters) => ({ name, parameters }),
    Task: (name, type) => ({
        name, type, commands: [], dependencies: [],
        addCommand(command) { this.commands.push(command); },
        addDependency(task) { this.dependencies.push(task.name); },
    }),
};
function frameChunker(frames, size) {
    const [first, last] = frames.split("-").map(Number);
    const chunks = [];
    for (let start = first; start <= last; start += size) chunks.push(`${start}-${Math.min(start + size - 1, last)}`);
    return chunks;
}
"""


@pytest.fixture
def context() -> quickjs.Context:
    found = quickjs.Context()
    found.eval(MANAGER + (CHECKOUT / "farm/flamenco/labelpass.js").read_text())
    return found


def compiled(context: quickjs.Context, **given: Any) -> list[dict[str, Any]]:
    """The tasks of a job with some settings, and by default with those of the job type."""
    rows = json.loads(context.eval("JSON.stringify(JOB_TYPE.settings)"))
    settings = {row["key"]: row["default"] for row in rows if "default" in row}
    settings |= {"blendfile": "/shared/a b.blend", "dataset": "/shared/dataset", "script": "/shared/export.py"} | given
    context.eval(f"compileJob({{ settings: {json.dumps(settings)}, addTask: (task) => tasks.push(task) }})")
    return json.loads(context.eval("JSON.stringify(tasks)"))


def test_tasks_depend_on_each_other(context: quickjs.Context) -> None:
    tasks = compiled(context, frames="1-50", chunk_size=20)
    assert [(task["name"], task["type"], task["dependencies"]) for task in tasks] == [
        ("plan", "blender", []),
        ("render-1-20", "blender", ["plan"]),
        ("render-21-40", "blender", ["plan"]),
        ("render-41-50", "blender", ["plan"]),
        ("merge", "misc", ["render-1-20", "render-21-40", "render-41-50"]),
    ]


def test_commands(context: quickjs.Context) -> None:
    plan, render, merge = compiled(
        context, frames="1-2", options="--maps depth_png  --set-up-passes", formats="coco", sequence="a b"
    )
    common = ["--python-exit-code", "1", "-P", "/shared/export.py", "--", "--render", "--output", "/shared/dataset"]
    for task, frames, more in (
        (plan, "1-2", ["--plan"]),
        (render, "1-2", ["--no-overwrite", "--no-merge"]),
    ):
        (command,) = task["commands"]
        assert command["name"] == "blender-render"
        assert command["parameters"]["exe"] == "{blender}"
        assert command["parameters"]["blendfile"] == "/shared/a b.blend"
        assert command["parameters"]["args"] == [
            *common, "--sequence", "a b", "--frames", frames, *more, "--maps", "depth_png", "--set-up-passes",
        ]  # fmt: skip
    assert [command["parameters"] for command in merge["commands"]] == [
        {"exe": "labelpass", "args": ["merge", "/shared/dataset"]},
        {
            "exe": "labelpass",
            "args": ["export", "/shared/dataset", "--formats", "coco", "--splits", "train=80,val=20"],
        },
    ]


def test_every_setting_is_explained(context: quickjs.Context) -> None:
    for row in json.loads(context.eval("JSON.stringify(JOB_TYPE.settings)")):
        assert row["description"] and not row["description"].endswith("."), row["key"]
