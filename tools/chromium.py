"""Headless Chromium from Debian's packages, for the tests of the report's page: python tools/chromium.py, as root.

Does nothing where there is a Chromium already, or where CHROMIUM is the path of one.
"""

import os
import shutil
import sys

from debian_packages import install

PACKAGE = "chromium-headless-shell"
# As tests/page/browser.py looks for it.
PROGRAMS = (PACKAGE, "chromium", "chromium-browser", "google-chrome")


def main() -> int:
    if "CHROMIUM" in os.environ or any(map(shutil.which, PROGRAMS)):
        return 0
    install({PACKAGE: PACKAGE})
    return 0


if __name__ == "__main__":
    sys.exit(main())
