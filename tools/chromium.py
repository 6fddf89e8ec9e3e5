"""Headless Chromium from Debian's packages, for the tests of the report's page: python tools/chromium.py, as root.

Does nothing where there is a Chromium already, or where CHROMIUM is the path of one.
"""

import os
import shutil
import subprocess
import sys

PACKAGE = "chromium-headless-shell"
# As tests/page/browser.py looks for it.
PROGRAMS = (PACKAGE, "chromium", "chromium-browser", "google-chrome")


def main() -> int:
    if "CHROMIUM" in os.environ or any(map(shutil.which, PROGRAMS)):
        return 0
    if os.geteuid() != 0:
        sys.exit("Only root can install Chromium from Debian; or set CHROMIUM to the path of one")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--no-install-recommends", "--yes", PACKAGE]):
        done = subprocess.run(["apt-get", "--quiet", *command], env=environment)
        if done.returncode:
            done = subprocess.run(["apt-get", "--quiet", *command], env=environment)  # a mirror may be busy
        if done.returncode:
            sys.exit(f"apt-get {command[0]} failed, see above")
    return 0


if __name__ == "__main__":
    sys.exit(main())
