"""Build the extension, one zip for each platform, into dist/: python tools/build_extension.py

It fetches the wheels that Labelpass needs inside Blender with pip, checks them against their sha256 in
requirements/extension-wheels.txt, copies what belongs into an extension to build/extension/, names the wheels in that
copy's manifest, and lets Blender's own builder pack and validate it: that of the bpy module, or with --blender that of
Blender itself. `--lock` fetches the wheels anew and writes requirements/extension-wheels.txt.
"""

import argparse
import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
LOCK = CHECKOUT / "requirements/extension-wheels.txt"
WHEELS = CHECKOUT / "build/wheels"
STAGED = CHECKOUT / "build/extension"
DIST = CHECKOUT / "dist"
# What the extension consists of. The wheels come on top, numpy is Blender's own.
SHIPPED = ("__init__.py", "blender_manifest.toml", "export_annotations.py", "core", "operators", "panels")
SHIPPED += ("LICENSE", "README.md")
# The part of requirements/runtime.txt that a worker inside Blender imports.
PACKAGES = ("OpenEXR", "pillow")
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
LARGEST_ZIP = 30_000_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lock", action="store_true", help=f"write {LOCK.relative_to(CHECKOUT)} and build nothing")
    parser.add_argument("--blender", type=Path, help="the Blender that builds; default: the bpy module's builder")
    options = parser.parse_args()
    if options.lock:
        lock_wheels()
        return 0
    fetch_wheels()
    stage()
    for path in build(options.blender):
        print(f"{path.relative_to(CHECKOUT)}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


def lock_wheels() -> None:
    """Fetch the wheels of the versions in runtime.txt, and write down their hashes."""
    runtime = (CHECKOUT / "requirements/runtime.txt").read_text()
    pinned = [re.search(rf"(?m)^{package}==\S+$", runtime).group() for package in PACKAGES]
    shutil.rmtree(WHEELS, ignore_errors=True)
    download(*pinned)
    lines = ["# The wheels in the zips of the extension; written by `python tools/build_extension.py --lock`."]
    for requirement in pinned:
        project = requirement.partition("==")[0].lower()
        hashes = sorted(sha256(wheel) for wheel in WHEELS.iterdir() if wheel.name.lower().startswith(f"{project}-"))
        lines.append(" \\\n    ".join([requirement, *(f"--hash=sha256:{digest}" for digest in hashes)]))
    LOCK.write_text("\n".join(lines) + "\n")


def fetch_wheels() -> None:
    """Have exactly the locked wheels in WHEELS; without the network if they are there."""
    wanted = set(re.findall(r"sha256:([0-9a-f]{64})", LOCK.read_text()))
    if {sha256(wheel) for wheel in WHEELS.glob("*")} != wanted:
        shutil.rmtree(WHEELS, ignore_errors=True)
        download("--require-hashes", "--requirement", str(LOCK))
    if {sha256(wheel) for wheel in WHEELS.glob("*")} != wanted:
        sys.exit(f"{LOCK.relative_to(CHECKOUT)} names other wheels than this script asks for; run it with --lock")


def download(*what: str) -> None:
    """Let pip fetch what is asked for, for each Python on each platform."""
    for python in PYTHONS:
        for platform, tags in PLATFORMS.items():
            print(f"Fetching wheels for Python {python} on {platform}", flush=True)
            command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
            command += ["--only-binary=:all:", "--no-deps", "--dest", str(WHEELS)]
            command += ["--implementation", "cp", "--python-version", python]
            command += [f"--platform={tag}" for tag in tags]
            if subprocess.run([*command, *what]).returncode:
                sys.exit(f"pip cannot fetch the wheels for Python {python} on {platform}, see above")


def stage() -> None:
    """Make STAGED a fresh copy of the extension with its wheels."""
    shutil.rmtree(STAGED, ignore_errors=True)
    STAGED.mkdir(parents=True)
    for name in SHIPPED:
        source, target = CHECKOUT / name, STAGED / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copyfile(source, target)
    shutil.copytree(WHEELS, STAGED / "wheels")
    manifest = STAGED / "blender_manifest.toml"
    # Top-level keys have to stand before the first table.
    keys, bracket, tables = manifest.read_text(encoding="utf-8").partition("\n[")
    keys += toml_list("platforms", PLATFORMS)
    keys += toml_list("wheels", sorted(f"./wheels/{wheel.name}" for wheel in WHEELS.iterdir()))
    manifest.write_text(keys + bracket + tables, encoding="utf-8")


def toml_list(key: str, values: "list[str] | dict[str, tuple[str, ...]]") -> str:
    return f"{key} = [\n" + "".join(f'    "{value}",\n' for value in values) + "]\n"


def build(blender: Path | None) -> list[Path]:
    """Pack STAGED into one zip for each platform; returns their paths."""
    builder = [str(blender), "--command", "extension"] if blender else [sys.executable, str(builder_of_module())]
    DIST.mkdir(exist_ok=True)
    for old in DIST.glob("labelpass-*.zip"):
        old.unlink()
    run(*builder, "build", "--split-platforms", "--source-dir", str(STAGED), "--output-dir", str(DIST))
    zips = sorted(DIST.glob("labelpass-*.zip"))
    if len(zips) != len(PLATFORMS):
        sys.exit(f"Blender's builder made {len(zips)} zips for {len(PLATFORMS)} platforms")
    for path in zips:
        run(*builder, "validate", str(path))
        if path.stat().st_size >= LARGEST_ZIP:
            sys.exit(f"{path.name} is larger than {LARGEST_ZIP / 1e6:.0f} MB")
    return zips


def builder_of_module() -> Path:
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


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
