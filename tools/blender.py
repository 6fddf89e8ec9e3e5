"""Blender as the bpy module, started like Blender: python tools/blender.py -b SCENE -P SCRIPT ... [-- ARGUMENT ...]

For the demo and the tests on machines without Blender. SCENE may be left out; several -P run one after the other.
"""

import argparse
import os
import runpy
import shutil
import sys
import traceback

import bpy


def main() -> int:
    own, dashes, script_arguments = _own_and_script_arguments(sys.argv[1:])
    parser = argparse.ArgumentParser(prog="blender.py", description="Runs a script in the bpy module")
    parser.add_argument("-b", dest="scene", nargs="?", help="the .blend file to load")
    parser.add_argument("-P", dest="scripts", action="append", required=True, help="a script to run")
    parser.add_argument("--python-exit-code", help="what Blender ends with after a script that raises; here always 1")
    options = parser.parse_args(own)
    if options.scene:
        bpy.ops.wm.open_mainfile(filepath=options.scene)
    sys.argv = ["blender", *own, *dashes, *script_arguments]
    return next((code for code in map(_run, options.scripts) if code), 0)


def _run(script: str) -> int:
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _own_and_script_arguments(arguments: list[str]) -> tuple[list[str], list[str], list[str]]:
    if "--" not in arguments:
        return arguments, [], []
    place = arguments.index("--")
    return arguments[:place], ["--"], arguments[place + 1 :]


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The module may crash (4.2) or hang (4.5) when the interpreter takes it down after classes or handlers were
    # registered. Blender itself does not, since there the interpreter lives inside of it.
    shutil.rmtree(bpy.app.tempdir, ignore_errors=True)  # which Blender would do at its end
    os._exit(code)
