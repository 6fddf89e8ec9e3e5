"""The installed extension comes and goes without a trace in the bpy module."""

from pathlib import Path

from tests.installed.module import InstalledModule


def test_enable_disable_and_reload(module: InstalledModule) -> None:
    said = module.run_well("-P", Path(__file__).with_name("lifecycle.py"))
    assert "COMES AND GOES" in said
    assert "Traceback" not in said
