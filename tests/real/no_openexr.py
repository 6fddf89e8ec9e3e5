"""Runs inside Blender (-P) before anything else: lets every import of OpenEXR in Blender's own process fail."""

import sys


def _refuse(event: str, arguments: tuple) -> None:
    if event == "import" and arguments[0].partition(".")[0] == "OpenEXR":
        raise RuntimeError("OpenEXR is imported in Blender's process, which can crash it")


assert "OpenEXR" not in sys.modules
sys.addaudithook(_refuse)
