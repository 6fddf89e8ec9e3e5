"""Runs inside Blender (-P) before anything else: in Blender's own process imports of OpenEXR and new threads fail."""

import sys


def _refuse(event: str, arguments: tuple) -> None:
    if event == "import" and arguments[0].partition(".")[0] == "OpenEXR":
        raise RuntimeError("OpenEXR is imported in Blender's process, which can crash it")
    if event.startswith("_thread.start"):
        raise RuntimeError("A thread is started in Blender's process, which may have none of ours")


assert "OpenEXR" not in sys.modules
sys.addaudithook(_refuse)
