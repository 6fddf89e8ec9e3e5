"""Every recipe of the project, called as `nox -s NAME`; the Makefile only calls the usual ones."""

import os
from pathlib import Path

import nox

# Blender as a module, each with a numpy that it works with. The first is the LTS that the demo and the tests use.
BLENDERS = {"4.5.15": "1.26.4", "4.2.23": "2.4.6", "5.0.1": "1.26.4"}
MAIN_BLENDER = "4.5.15"
OLDEST_BLENDER = "4.2.23"
CHECKED = ["core", "operators", "panels", "tests", "tools", "benchmarks", "examples", "__init__.py"]
CHECKED += ["__main__.py", "export_annotations.py", "noxfile.py"]

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["test"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_external_run = True
# The tests start thousands of interpreters, and each would compile everything that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def install(session: nox.Session, blender: str | None, numpy: str) -> None:
    """The pinned requirements, Blender if it is wanted, and the `labelpass` command of this checkout.

    Most of what is in them is never imported, so it is not compiled before it is.
    """
    wanted = ["-r", "requirements/test.txt", f"numpy=={numpy}"]
    session.install("--no-compile", *wanted, *([f"bpy=={blender}"] if blender else []))
    session.install("--no-compile", "--no-deps", "-r", "requirements/peers.txt")
    session.install("--no-deps", "--no-build-isolation", "--force-reinstall", ".")


def run_tests(session: nox.Session, blender: str) -> None:
    """All tests that need no real Blender.

    Those of core know numpy, not Blender: they run once with each numpy, and those of programs know neither.
    """
    first = next(version for version, numpy in BLENDERS.items() if numpy == BLENDERS[blender])
    suites = ["tests/blender", "tests/installed"]
    if blender == first:
        suites.insert(1, "tests/core --ignore=tests/core/programs")
    if blender == MAIN_BLENDER:
        suites[2:2] = ["tests/core/programs", "tests/farm"]
    one_thread = {"OPENBLAS_NUM_THREADS": "1"}  # several suites go on at once, and each starts hundreds of processes
    session.run("python", "tools/run_tests.py", *suites, "--", *session.posargs, env=one_thread)


@nox.session(python="3.11")
def test(session: nox.Session) -> None:
    """Style, types, imports and all tests, in Blender 4.5 LTS as a module."""
    install(session, MAIN_BLENDER, BLENDERS[MAIN_BLENDER])
    session.run("ruff", "check", "--output-format", "concise", *CHECKED)
    session.run("ruff", "format", "--check", *CHECKED)
    session.run("mypy")
    session.run("python", "tools/check_imports.py")
    run_tests(session, MAIN_BLENDER)


@nox.session(python="3.11")
@nox.parametrize("blender", [version for version in BLENDERS if version != MAIN_BLENDER])
def matrix(session: nox.Session, blender: str) -> None:
    """The tests in the other Blender versions, one of them with numpy 2."""
    install(session, blender, BLENDERS[blender])
    run_tests(session, blender)


@nox.session(python="3.11")
def demo(session: nox.Session) -> None:
    """The main job on a scene of its own, into the folder demo."""
    install(session, MAIN_BLENDER, BLENDERS[MAIN_BLENDER])
    session.run("python", "examples/demo/run.py", "demo")


@nox.session(python="3.11")
def train(session: nox.Session) -> None:
    """A detector that random frames of a scene have taught, into the folder train; `-- --help` lists options."""
    install(session, MAIN_BLENDER, BLENDERS[MAIN_BLENDER])
    session.install("--no-compile", "-r", "requirements/train.txt")
    session.run("python", "-m", "examples.train.run", "train", *session.posargs)


@nox.session(python="3.11")
def extension(session: nox.Session) -> None:
    """The zips to install in Blender, one for each platform, into dist."""
    install(session, MAIN_BLENDER, BLENDERS[MAIN_BLENDER])
    session.run("python", "-m", "tools.build_extension", *session.posargs)


@nox.session(python="3.11")
def release(session: nox.Session) -> None:
    """All that is published of a version, into dist/release; `-- --website URL` names the project's page."""
    install(session, MAIN_BLENDER, BLENDERS[MAIN_BLENDER])
    session.run("python", "-m", "tools.build_release", *session.posargs)


@nox.session(python="3.11")
def listing(session: nox.Session) -> None:
    """The featured image and the icon in docs/listing, of the demo."""
    install(session, MAIN_BLENDER, BLENDERS[MAIN_BLENDER])
    session.run("python", "-m", "tools.listing_pictures", *session.posargs)


@nox.session(python="3.11")
def real(session: nox.Session) -> None:
    """The installed zip in real Blenders with a window: as root on Debian, or with BLENDER=/path/to/blender."""
    install(session, OLDEST_BLENDER, BLENDERS[OLDEST_BLENDER])
    if "BLENDER" not in os.environ:
        session.run("python", "tools/real_blender.py", "setup")
    session.run("python", "-m", "pytest", "tests/real", *session.posargs, success_codes=[0, 1])
    # On a busy machine a window may lag behind the mouse. What fails twice has failed; 5 says that nothing failed.
    again = ["--last-failed", "--last-failed-no-failures", "none"]
    session.run("python", "-m", "pytest", "tests/real", *again, *session.posargs, success_codes=[0, 5])


@nox.session(python="3.11")
def readers(session: nox.Session) -> None:
    """What other programs read in the formats for training, and the examples for PyTorch and Ultralytics;
    `nox -s readers -- --write-table` puts the table into docs/exports.md."""
    session.install("--no-compile", "--no-deps", "-r", "requirements/readers.txt")
    session.install("--no-deps", "--force-reinstall", ".")
    # Other sessions go on at the same time, and threads that wait for each other are slow then.
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    session.run("python", "-m", "pytest", "tests/readers", *session.posargs, env=one_thread)


@nox.session(python="3.11")
def page(session: nox.Session) -> None:
    """The page of a report in headless Chromium, with a mouse and keys: as root on Debian, or with CHROMIUM=/path."""
    install(session, None, BLENDERS[MAIN_BLENDER])
    session.run("python", "tools/chromium.py")
    session.run("python", "-m", "pytest", "tests/page", *session.posargs, env={"OPENBLAS_NUM_THREADS": "1"})


@nox.session(python="3.11")
def report_pictures(session: nox.Session) -> None:
    """The pictures of docs/report.md, of random frames that are rendered for them: in docs/images, after some minutes;
    `-- --dataset FOLDER` keeps the frames."""
    install(session, MAIN_BLENDER, BLENDERS[MAIN_BLENDER])
    session.run("python", "tools/chromium.py")
    session.run("python", "-m", "tests.page.take_pictures", *session.posargs)


@nox.session(python="3.11")
def faults(session: nox.Session) -> None:
    """What becomes of datasets when processes are killed, disks fail and files lie: a sample of each fault;
    `nox -s faults -- --minutes 30 --write` tries all of them, and puts the table into docs/reliability.md."""
    install(session, None, BLENDERS[MAIN_BLENDER])
    options = session.posargs or ["--short"]
    session.run("python", "-m", "tools.faults", *options, env={"OPENBLAS_NUM_THREADS": "1"})


@nox.session(python="3.11")
def bench(session: nox.Session) -> None:
    """The benchmark table; `nox -s bench -- --write` puts it into docs/benchmarks.md."""
    install(session, None, BLENDERS[MAIN_BLENDER])
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session(python="3.11")
def accuracy(session: nox.Session) -> None:
    """How far the maps are from geometry; `nox -s accuracy -- --write` puts the table into docs/accuracy.md."""
    install(session, MAIN_BLENDER, BLENDERS[MAIN_BLENDER])
    session.run("python", "-m", "benchmarks.accuracy", *session.posargs)
    session.run("python", "-m", "benchmarks.accuracy_eevee", *session.posargs)


@nox.session(python="3.11")
@nox.parametrize("blender", list(BLENDERS))
def fixtures(session: nox.Session, blender: str) -> None:
    """Render tests/data again."""
    install(session, blender, BLENDERS[blender])
    session.run("python", "tests/data/render_fixtures.py")


@nox.session(python="3.11")
def eevee_fixtures(session: nox.Session) -> None:
    """Render the EEVEE part of tests/data again, in the real Blenders: as root on Debian, see tools/real_blender.py."""
    session.run("python", "tools/real_blender.py", "setup")
    checkout = Path.cwd()
    blender = ["--", "-b", "--python-exit-code", "1", "-P", str(checkout / "tests/data/render_eevee_fixtures.py")]
    for suite in ("trixie", "sid"):
        session.run("python", "tools/real_blender.py", "run", suite, "--window", "--share", str(checkout), *blender)
