"""Programs from Debian's packages, for tests that need them; only on Debian, as root."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# Debian asks it whether a package may start its services; 101 is no. See invoke-rc.d(8).
_POLICY = Path("/usr/sbin/policy-rc.d")


def install(packages: Mapping[str, str]) -> None:
    """Install what is missing, without starting any service.

    Args:
        packages: program -> the package that has it.
    """
    missing = sorted({package for program, package in packages.items() if not shutil.which(program)})
    if not missing:
        return
    if os.geteuid() != 0:
        sys.exit(f"Only root can install Debian's packages {', '.join(missing)}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with _no_services():
        for command in (["update"], ["install", "--no-install-recommends", "--yes", *missing]):
            done = subprocess.run(["apt-get", "--quiet", *command], env=environment)
            if done.returncode:
                done = subprocess.run(["apt-get", "--quiet", *command], env=environment)  # a mirror may be busy
            if done.returncode:
                sys.exit(f"apt-get {command[0]} failed, see above")


@contextlib.contextmanager
def _no_services() -> Iterator[None]:
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
