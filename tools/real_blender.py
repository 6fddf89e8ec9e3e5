"""Real Blender on Debian, with a window where one is wanted: two versions, from Debian's packages, as root.

    python tools/real_blender.py setup                     the two Blenders, some minutes the first time
    python tools/real_blender.py run trixie -- -b --version
    python tools/real_blender.py run sid --window --share DIR -- DIR/scene.blend

Each one lives in a folder of its own with the rest of a small Debian (`debootstrap`), below --folder, else in the
user's cache. A command runs in its own mount and process namespace: what is mounted for it, and every process that
it starts, is gone when it ends, however it ends. With BLENDER=/path/to/blender in the environment that one is used.

Needs, as Debian packages: debootstrap; with a window xvfb, xdotool and imagemagick too. `setup` installs what is
missing of these.
"""

import argparse
import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Debian's releases: trixie has Blender 4.3.2 with Python 3.13; sid had 5.2.2 with Python 3.14 when this was written.
SUITES = ("trixie", "sid")
PACKAGES = ("blender", "python3-numpy", "libgl1-mesa-dri", "libgl1", "libegl1")
# Blender's extension system imports these; Debian's package of Blender 5.2 does not depend on them.
PACKAGES += ("python3-cattr", "python3-requests", "python3-zstandard")
# What this machine needs, by the Debian packages that hold it.
PROGRAMS = {"debootstrap": "debootstrap", "Xvfb": "xvfb", "xdotool": "xdotool", "import": "imagemagick"}
WINDOW_SIZE = (1400, 900)
_SECONDS_BEFORE_RETRY = 15
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_APT_ENVIRONMENT = {"PATH": _PATH, "DEBIAN_FRONTEND": "noninteractive", "LANG": "C.UTF-8"}
_X_SOCKETS = Path("/tmp/.X11-unix")


class RealBlenderError(Exception):
    """Real Blender cannot be set up or started; the text says what to do."""


@dataclass(frozen=True)
class RealBlender:
    """A Blender that can be started.

    Attributes:
        name: the Debian release, or "official".
        executable: its path, inside of `root` if there is one.
        root: the folder of the Debian that holds it; None for a Blender of this machine.
    """

    name: str
    executable: str
    root: Path | None = None

    def command(self, arguments: Sequence[str | Path], share: Sequence[Path] = ()) -> list[str]:
        """The command line that starts it.

        Args:
            arguments: of Blender.
            share: folders of this machine that Blender shall see, under the same path.
        """
        blender = [self.executable, *map(str, arguments)]
        return blender if self.root is None else _inside(self.root, blender, share)

    def environment(self, user: Path, display: str | None = None) -> dict[str, str]:
        """The environment to start it in: software rendering, and settings and extensions of its own in `user`."""
        folders = {"HOME": "home", "XDG_RUNTIME_DIR": "run", "BLENDER_USER_RESOURCES": "blender", "TMPDIR": "tmp"}
        for folder in folders.values():
            (user / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        variables = {name: str(user / folder) for name, folder in folders.items()}
        variables |= {"PATH": _PATH, "LANG": "C.UTF-8", "LIBGL_ALWAYS_SOFTWARE": "1"}
        return variables | ({"DISPLAY": display} if display else {})

    def version(self) -> str:
        done = subprocess.run(self.command(["--version"]), capture_output=True, text=True)
        if done.returncode:
            where = f"; remove {self.root}, and run setup again" if self.root else ""
            raise RealBlenderError(f"{self.name}: Blender does not start ({done.stderr.strip()}){where}")
        return next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("Blender "))


def default_folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "labelpass" / "blender"


def installed(folder: Path | None = None) -> list[RealBlender]:
    """The Blenders that are there: the one in BLENDER, else those that `setup` made; RealBlenderError if one is not."""
    official = os.environ.get("BLENDER")
    if official:
        if not shutil.which(official):
            raise RealBlenderError(f"BLENDER={official} is not a program; give the path of Blender's executable")
        return [RealBlender("official", official)]
    return [find(suite, folder) for suite in SUITES]


def find(suite: str, folder: Path | None = None) -> RealBlender:
    root = (folder or default_folder()) / suite
    if not root.is_dir():
        raise RealBlenderError(f"There is no Blender in {root}; run `python tools/real_blender.py setup` as root")
    return RealBlender(suite, "/usr/bin/blender", root)


def setup(suite: str, folder: Path | None = None) -> RealBlender:
    """Make the Debian with Blender in it, if it is not there yet. A half-made one is named so, and begun anew."""
    root = (folder or default_folder()) / suite
    if not root.is_dir():
        begun = root.with_name(f"{suite}.begun")
        begun.parent.mkdir(parents=True, exist_ok=True)
        print(f"{suite}: installing Debian and Blender into {root}, this takes some minutes", flush=True)
        debootstrap = _unshared(["debootstrap", "--variant=minbase", suite, str(begun), _mirror()])
        # Nothing can be mounted below it, see _inside.
        _run_twice(debootstrap, before=lambda: shutil.rmtree(begun, ignore_errors=True))
        _prepare(begun)
        for arguments in (["update"], ["install", "--no-install-recommends", "--yes", *PACKAGES], ["clean"]):
            _run_twice(_inside(begun, ["apt-get", "--quiet", *arguments]), _APT_ENVIRONMENT | _proxies())
        begun.rename(root)
    return find(suite, folder)


def install_programs() -> None:
    """Install what this machine lacks of PROGRAMS, and have its lists of packages. Only on Debian, as root."""
    if os.geteuid() != 0:
        raise RealBlenderError("Only root can install Debian into a folder; or set BLENDER to an official Blender")
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    _run_twice(["apt-get", "--quiet", "update"])
    if missing:
        print(f"Installing {', '.join(missing)}", flush=True)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        _run_twice(["apt-get", "--quiet", "install", "--no-install-recommends", "--yes", *missing], environment)


@contextlib.contextmanager
def virtual_display(width: int = WINDOW_SIZE[0], height: int = WINDOW_SIZE[1]) -> Iterator[str]:
    """An X server without a screen for the length of a block; gives its name, such as ":5"."""
    _need("Xvfb", "xdotool", "import")
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-ac"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        number = server.stdout.readline().strip()
        if not number:
            raise RealBlenderError("Xvfb does not start")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


def _inside(root: Path, command: Sequence[str], share: Sequence[Path] = ()) -> list[str]:
    """A command line that runs a command in another Debian, with what it needs mounted as long as it runs."""
    inner = shlex.quote(str(root))
    script = [
        "set -e",
        f"mount --rbind /dev {inner}/dev",
        f"mount -t proc proc {inner}/proc",
        f"mount -t tmpfs tmpfs {inner}/tmp",
    ]
    for folder in [*share, *([_X_SOCKETS] if _X_SOCKETS.is_dir() else [])]:
        outside = shlex.quote(str(folder.resolve()))
        script += [f"mkdir -p {inner}{outside}", f"mount --bind {outside} {inner}{outside}"]
    # The shell stays as the namespace's first process: it hands on Blender's exit code, and all others end with it.
    script += [f"chroot {inner} {shlex.join(command)} && code=0 || code=$?", "exit $code"]
    return _unshared(["sh", "-c", "\n".join(script)])


def _unshared(command: Sequence[str]) -> list[str]:
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--", *command]


def _prepare(root: Path) -> None:
    """Give the new Debian the network of this machine, and no patience for power cuts."""
    for name in ("resolv.conf", "hosts"):
        (root / "etc" / name).unlink(missing_ok=True)
        shutil.copyfile(Path("/etc") / name, root / "etc" / name)
    shutil.copytree("/etc/apt/apt.conf.d", root / "etc/apt/apt.conf.d", dirs_exist_ok=True)
    (root / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")


def _mirror() -> str:
    """The mirror of Debian that this machine's own apt uses."""
    asked = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages"]
    for line in subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines():
        origin, label, mirror = line.split("|")
        if origin == label == "Debian":
            return mirror
    raise RealBlenderError("apt knows no mirror of Debian; run `apt-get update` on a Debian machine")


def _proxies() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}


def _need(*programs: str) -> None:
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        packages = " ".join(PROGRAMS[program] for program in missing)
        raise RealBlenderError(f"Missing: {', '.join(missing)}; run `apt-get install {packages}`, or what holds them")


def _run_twice(
    command: Sequence[str], environment: Mapping[str, str] | None = None, before: Callable[[], None] = lambda: None
) -> None:
    """Run a command, and a moment later once more if it fails: mirrors have bad moments."""
    for last in (False, True):
        before()
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode == 0:
            return
        print(f"{shlex.join(command[:8])} … failed:\n{done.stdout[-3000:]}", flush=True)
        if not last:
            time.sleep(_SECONDS_BEFORE_RETRY)
    raise RealBlenderError(f"{shlex.join(command[-4:])} failed twice, see above; is this Debian, and its mirror there?")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    actions = parser.add_subparsers(dest="action", required=True)
    making = actions.add_parser("setup", help="install what is not there yet")
    making.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; default: all")
    running = actions.add_parser("run", help="run Blender", epilog="What follows -- goes to Blender.")
    running.add_argument("suite", choices=SUITES)
    running.add_argument("--window", action="store_true", help="give it a screen of its own, which is not to be seen")
    running.add_argument("--share", type=Path, action="append", default=[], help="a folder for it to see")
    running.add_argument("--user", type=Path, help="where its settings and extensions live; default: forgotten")
    for action in (making, running):
        action.add_argument("--folder", type=Path, help=f"where they live; default: {default_folder()}")
    dashes = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    options = parser.parse_args(sys.argv[1:dashes])
    try:
        return _setup_all(options) if options.action == "setup" else _run_one(options, sys.argv[dashes + 1 :])
    except RealBlenderError as error:
        print(f"real_blender: {error}", file=sys.stderr)
        return 1


def _setup_all(options: argparse.Namespace) -> int:
    folder = options.folder or default_folder()
    made = all((folder / suite).is_dir() for suite in options.suites or SUITES)
    if not made or not all(map(shutil.which, PROGRAMS)):
        install_programs()
    for suite in options.suites or SUITES:
        if suite not in SUITES:
            raise RealBlenderError(f"{suite} is none of {', '.join(SUITES)}")
        start = time.monotonic()
        blender = setup(suite, options.folder)
        print(f"{suite}: Blender {blender.version()} ({time.monotonic() - start:.0f} s)", flush=True)
    return 0


def _run_one(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    blender = installed()[0] if os.environ.get("BLENDER") else find(options.suite, options.folder)
    with contextlib.ExitStack() as stack:
        user = options.user or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="real-blender-")))
        display = stack.enter_context(virtual_display()) if options.window else None
        command = blender.command(arguments, [user, *options.share])
        return subprocess.run(command, env=blender.environment(user, display)).returncode


if __name__ == "__main__":
    sys.exit(main())
