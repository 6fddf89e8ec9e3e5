"""Build all that is published of a version, into dist/release/: python -m tools.build_release [--website URL]

    labelpass-VERSION-PLATFORM.zip      the extension, for each platform
    index.json, index.html              the folder as a repository of extensions, for Blender and for people
    labelpass-VERSION-….whl, ….tar.gz   the Python package and its source
    listing/                            pictures and texts for a page that shows the extension
    SHA256SUMS                          checksums of all of these

The folder is replaced as a whole: a repository has to hold exactly one version for each platform, and an index that was
made of these zips.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .build_extension import CHECKOUT, build_zips, builder, run, sha256

CHECKSUMS = "SHA256SUMS"
LISTING = CHECKOUT / "docs/listing"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.build_release", description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=CHECKOUT / "dist/release", help="default: dist/release")
    parser.add_argument("--website", default="", help="the address of the project's page, for the manifest")
    options = parser.parse_args()
    output: Path = options.output.resolve()
    if output.exists() and any(output.iterdir()) and not (output / CHECKSUMS).is_file():
        sys.exit(f"{output} holds something else than a release; choose another --output")
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".labelpass-release-", dir=output.parent) as begun:
        folder = Path(begun, "release")
        folder.mkdir()
        build_zips(folder, options.website)
        write_index(folder)
        subprocess.run([sys.executable, "-m", "hatchling", "build", "--directory", folder], cwd=CHECKOUT, check=True)
        shutil.copytree(LISTING, folder / "listing")
        write_checksums(folder)
        shutil.rmtree(output, ignore_errors=True)
        folder.rename(output)
    for path in sorted(output.iterdir()):
        print(path)
    return 0


def write_index(folder: Path) -> None:
    """Make a folder of zips a repository of extensions, which any web server can serve."""
    run(*builder(), "server-generate", "--repo-dir", str(folder), "--html")


def write_checksums(folder: Path) -> None:
    """As `sha256sum --check SHA256SUMS` reads them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
