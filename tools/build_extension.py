"""Build the extension, one zip for each platform, into dist/: python -m tools.build_extension

It fetches the wheels that Labelpass needs inside Blender with pip into build/wheels/, checks them against their sha256
in requirements/extension-wheels.txt, copies what belongs into an extension to a temporary folder, makes HTML of the
docs there, names the wheels in the manifest, and lets Blender's own builder pack and validate it: that of the bpy
module, or with --blender that of Blender itself. `--lock` fetches the wheels anew and writes
requirements/extension-wheels.txt.
"""

import argparse
import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .help_pages import write_help_pages

CHECKOUT = Path(__file__).resolve().parents[1]
LOCK = CHECKOUT / "requirements/extension-wheels.txt"
WHEELS = CHECKOUT / "build/wheels"
# What the extension consists of. The docs and the wheels come on top, numpy is Blender's own. `__main__.py` and
# `py.typed` are for the Python package only.
SHIPPED = ("__init__.py", "blender_manifest.toml", "export_annotations.py", "core", "operators", "panels", "LICENSE")
# The part of requirements/runtime.txt that a worker inside Blender imports.
PACKAGES = ("OpenEXR", "pillow", "deflate")
# The Pythons of Blender 4.2 to 5.0, of Debian's 4.3 (and 5.1 and later), and of Debian's 5.2.
PYTHONS = ("3.11", "3.13", "3.14")
# Blender's names of the platforms, and pip's names of what runs on the oldest system that Blender 4.2 itself runs on.
PLATFORMS = {
    "linux-x64": ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "windows-x64": ("win_amd64",),
    "windows-arm64": ("win_arm64",),
    "macos-x64": ("macosx_11_0_x86_64",),
    "macos-arm64": ("macosx_11_0_arm64",),
}
# Nearly all of it are wheels of three Pythons; what goes beyond is a file that should not be in it.
LARGEST_ZIP = 40_000_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lock", action="store_true", help=f"write {LOCK.relative_to(CHECKOUT)} and build nothing")
    parser.add_argument("--blender", type=Path, help="the Blender that builds; default: the bpy module's builder")
    parser.add_argument("--output", type=Path, default=CHECKOUT / "dist", help="folder of the zips; default: dist")
    parser.add_argument("--website", default="", help="the address of the project's page, for the manifest")
    options = parser.parse_args()
    if options.lock:
        lock_wheels()
        return 0
    for path in build_zips(options.output, options.website, options.blender):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


def build_zips(output: Path, website: str = "", blender: Path | None = None) -> list[Path]:
    """Leave a zip for each platform in a folder; returns their paths."""
    fetch_wheels()
    with tempfile.TemporaryDirectory(prefix="labelpass-extension-") as staged:
        stage(Path(staged), website)
        return build(Path(staged), output, builder(blender))


def lock_wheels() -> None:
    """Fetch the wheels of the versions in runtime.txt, and write down their hashes."""
    runtime = (CHECKOUT / "requirements/runtime.txt").read_text()
    pinned = [re.search(rf"(?m)^{package}==\S+$", runtime).group() for package in PACKAGES]
    download(*pinned)
    lines = ["# The wheels in the zips of the extension; written by `python -m tools.build_extension --lock`."]
    for requirement in pinned:
        project = requirement.partition("==")[0].lower()
        hashes = sorted(sha256(wheel) for wheel in WHEELS.iterdir() if wheel.name.lower().startswith(f"{project}-"))
        lines.append(" \\\n    ".join([requirement, *(f"--hash=sha256:{digest}" for digest in hashes)]))
    LOCK.write_text("\n".join(lines) + "\n")


def fetch_wheels() -> None:
    """Have exactly the locked wheels in WHEELS; without the network if they are there."""
    wanted = set(re.findall(r"sha256:([0-9a-f]{64})", LOCK.read_text()))
    if hashes(WHEELS) != wanted:
        download("--require-hashes", "--requirement", str(LOCK))
    if hashes(WHEELS) != wanted:
        sys.exit(f"{LOCK.relative_to(CHECKOUT)} names other wheels than this script asks for; run it with --lock")


def download(*what: str) -> None:
    """Make WHEELS what pip fetches for each Python on each platform, at once: two builds may go on side by side."""
    WHEELS.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="wheels-", dir=WHEELS.parent) as begun:
        for python in PYTHONS:
            for platform, tags in PLATFORMS.items():
                print(f"Fetching wheels for Python {python} on {platform}", flush=True)
                command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
                command += ["--only-binary=:all:", "--no-deps", "--dest", f"{begun}/wheels"]
                command += ["--implementation", "cp", "--python-version", python]
                command += [f"--platform={tag}" for tag in tags]
                if subprocess.run([*command, *what]).returncode:
                    sys.exit(f"pip cannot fetch the wheels for Python {python} on {platform}, see above")
        fetched = Path(begun, "wheels")
        if hashes(WHEELS) != hashes(fetched):  # else another build has fetched them meanwhile, and may be at work
            shutil.rmtree(WHEELS, ignore_errors=True)
            fetched.rename(WHEELS)


def stage(folder: Path, website: str = "") -> None:
    """Make an empty folder a copy of the extension with its docs and wheels."""
    for name in SHIPPED:
        source, target = CHECKOUT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copyfile(source, target)
    write_help_pages(folder)
    shutil.copytree(WHEELS, folder / "wheels")
    manifest = folder / "blender_manifest.toml"
    # Top-level keys have to stand before the first table.
    keys, bracket, tables = manifest.read_text(encoding="utf-8").partition("\n[")
    if website:
        keys += f'website = "{website}"\n'
    keys += toml_list("platforms", PLATFORMS)
    keys += toml_list("wheels", sorted(f"./wheels/{wheel.name}" for wheel in WHEELS.iterdir()))
    manifest.write_text(keys + bracket + tables, encoding="utf-8")


def toml_list(key: str, values: "list[str] | dict[str, tuple[str, ...]]") -> str:
    return f"{key} = [\n" + "".join(f'    "{value}",\n' for value in values) + "]\n"


def build(staged: Path, output: Path, builder: Sequence[str]) -> list[Path]:
    """Pack a staged extension into one zip for each platform; returns their paths."""
    output.mkdir(parents=True, exist_ok=True)
    for old in output.glob("labelpass-*.zip"):
        old.unlink()
    run(*builder, "build", "--split-platforms", "--source-dir", str(staged), "--output-dir", str(output))
    zips = sorted(output.glob("labelpass-*.zip"))
    if len(zips) != len(PLATFORMS):
        sys.exit(f"Blender's builder made {len(zips)} zips for {len(PLATFORMS)} platforms")
    for path in zips:
        run(*builder, "validate", str(path))
        if path.stat().st_size >= LARGEST_ZIP:
            sys.exit(f"{path.name} is larger than {LARGEST_ZIP / 1e6:.0f} MB")
    return zips


def builder(blender: Path | None = None) -> list[str]:
    """The command of Blender's builder: that of this Blender, or of the bpy module."""
    return [str(blender), "--command", "extension"] if blender else [sys.executable, str(_builder_of_module())]


def _builder_of_module() -> Path:
    spec = importlib.util.find_spec("bpy")
    script = "scripts/addons_core/bl_pkg/cli/blender_ext.py"
    found = list(Path(spec.origin).parent.glob(f"*/{script}")) if spec and spec.origin else []
    if not found:
        sys.exit("This Python has no bpy module to build with; install it, or give a Blender with --blender PATH")
    return found[0]


def run(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}")


def hashes(folder: Path) -> set[str]:
    return {sha256(path) for path in folder.glob("*")}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
