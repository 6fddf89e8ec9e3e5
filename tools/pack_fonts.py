"""Pack the fonts of names in pictures: python tools/pack_fonts.py DejaVuSans.ttf unifont.otf unifont_upper.otf

WOFF2 takes a fifth of the room, and Pillow reads it. Needs fonttools and brotli, which nothing else here does. Debian's
packages fonts-dejavu-core and fonts-unifont have the files; core/drawing/fonts/LICENSE.txt says which versions are in.
"""

import sys
from pathlib import Path

from fontTools.ttLib import TTFont

FONTS = Path(__file__).resolve().parents[1] / "core/drawing/fonts"
NAMES = ("DejaVuSans.woff2", "Unifont.woff2", "UnifontUpper.woff2")


def main() -> int:
    for source, name in zip(sys.argv[1:], NAMES, strict=True):
        font = TTFont(source)
        font.flavor = "woff2"
        font.save(FONTS / name)
        print(f"{FONTS / name}: {(FONTS / name).stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
