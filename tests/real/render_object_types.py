"""Runs inside Blender (-P): renders scenes of tests/blender/object_types.py, which lies next to this file.

blender -b -P render_object_types.py -- FOLDER ENGINE SAMPLES TITLE...
"""

import runpy
import sys
from pathlib import Path

_FOLDER, _ENGINE, _SAMPLES, *_TITLES = sys.argv[sys.argv.index("--") + 1 :]
_SCENES = runpy.run_path(str(Path(__file__).with_name("object_types.py")))
_TITLES = _TITLES or list(_SCENES["cases"]())
_SCENES["render_all"](Path(_FOLDER), _ENGINE, _TITLES, int(_SAMPLES))
