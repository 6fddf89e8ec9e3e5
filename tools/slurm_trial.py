"""Run farm/slurm/submit.sh under a real Slurm with one node, as root on Debian:

    python tools/slurm_trial.py setup            # installs what is missing of Debian's packages
    .nox/test/bin/python tools/slurm_trial.py    # in the environment of `make test`

Its daemons live as long as the trial, with all their files in a temporary folder. It renders the demo scene in shards,
merges and exports; then once more with a shard that fails, whose merge has to be removed instead of waiting for ever,
and again as it should be. The bytes have to be the same.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from debian_packages import install

CHECKOUT = Path(__file__).resolve().parents[1]
NEEDED = {
    "munged": "munge",
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    **dict.fromkeys(("sbatch", "squeue", "scontrol", "sinfo"), "slurm-client"),
}
PATIENCE = 600.0
OPTIONS = (
    "--resolution",
    "15%",
    "--samples",
    "1",
    "--no-pictures",
    "--maps",
    "categories_png",
    "--image-format",
    "jpeg",
)
BLENDER = f"{sys.executable} {CHECKOUT / 'tools/blender.py'}"
CONFIGURATION = """
ClusterName=trial
SlurmctldHost={host}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldPort={port}
SlurmdPort={node_port}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
NodeName={host} NodeAddr=127.0.0.1 CPUs={processors} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def main() -> int:
    if sys.argv[1:] == ["setup"]:
        install(NEEDED)
        return 0
    if missing := [program for program in NEEDED if shutil.which(program) is None]:
        sys.exit(f"{', '.join(missing)} not found; run `python tools/slurm_trial.py setup`")
    with tempfile.TemporaryDirectory(prefix="labelpass-slurm-") as temporary, slurm(Path(temporary)) as environment:
        scene, whole, failed = (Path(temporary) / name for name in ("scene.blend", "whole", "failed"))
        run([*BLENDER.split(), "-P", CHECKOUT / "examples/demo/build_scene.py", "--", scene], environment)

        print(f"whole: {submit(scene, whole, environment)}")
        assert states(environment) == {"COMPLETED"}, logs(whole)

        # A folder where an image should be lets one shard of two fail.
        (failed / "images/demo_0001.jpg").mkdir(parents=True)
        print(f"with a shard that fails: {submit(scene, failed, environment)}")
        assert not (failed / "annotations").exists(), logs(failed)
        print("  the merge was removed, and nothing was merged")

        (failed / "images/demo_0001.jpg").rmdir()
        print(f"once more: {submit(scene, failed, environment)}")
        assert same_bytes(failed) == same_bytes(whole), logs(failed)
        print(f"  {len(same_bytes(whole))} files are the same, byte for byte")
    return 0


@contextmanager
def slurm(folder: Path) -> Iterator[Mapping[str, str]]:
    """The daemons of a Slurm with this machine as its only node; gives the environment in which it is used."""
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    port, node_port = free_ports(2)
    configuration = folder / "slurm.conf"
    configuration.write_text(
        CONFIGURATION.format(
            host=socket.gethostname(), folder=folder, port=port, node_port=node_port, processors=os.cpu_count()
        )
    )
    environment = {**os.environ, "SLURM_CONF": str(configuration)}
    munge = [f"--{name}={folder}/munge.{ending}" for name, ending in MUNGE_FILES.items()]
    with ExitStack() as daemons:
        for command in (
            ["munged", "--foreground", "--force", f"--key-file={key}", *munge],
            ["slurmctld", "-D", "-c"],
            ["slurmd", "-D"],
        ):
            daemons.enter_context(daemon(command, environment))
            time.sleep(1)
        wait_until(lambda: "idle" in output(["sinfo", "-h", "-o", "%T"], environment), "the node is idle")
        yield environment


MUNGE_FILES = {"socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}


@contextmanager
def daemon(command: list[str], environment: Mapping[str, str]) -> Iterator[None]:
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as running:
        try:
            yield
        finally:
            running.terminate()


def free_ports(number: int) -> list[int]:
    with ExitStack() as sockets:
        found = [sockets.enter_context(socket.socket()) for _ in range(number)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in found]


def submit(scene: Path, dataset: Path, environment: Mapping[str, str]) -> str:
    """Submit the jobs of a dataset, and wait until none of them is left; returns what submit.sh says."""
    own = {
        **environment,
        "BLENDER": BLENDER,
        "LABELPASS": f"env PYTHONPATH={CHECKOUT} {sys.executable} -m core",
        "SCRIPT": str(CHECKOUT / "tools/export_annotations.py"),
        "FORMATS": "coco",
    }
    said = run([CHECKOUT / "farm/slurm/submit.sh", scene, dataset, "2", *OPTIONS], own)
    wait_until(lambda: not output(["squeue", "-h"], environment).strip(), "all jobs are done")
    return said.strip()


def states(environment: Mapping[str, str]) -> set[str]:
    """How the jobs ended that Slurm still remembers."""
    words = output(["scontrol", "show", "jobs"], environment).split()
    return {word.partition("=")[2] for word in words if word.startswith("JobState=")}


def same_bytes(dataset: Path) -> dict[str, bytes]:
    names = [dataset / name for name in ("annotations", "maps", "plan.json")]
    files = [path for name in names for path in [name, *name.rglob("*")]]
    return {path.relative_to(dataset).as_posix(): path.read_bytes() for path in files if path.is_file()}


def logs(dataset: Path) -> str:
    return "\n".join(f"== {path.name}\n{path.read_text()[-2000:]}" for path in sorted((dataset / "logs").iterdir()))


def run(command: list[str | Path], environment: Mapping[str, str]) -> str:
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def output(command: list[str], environment: Mapping[str, str]) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True).stdout


def wait_until(happened: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > end:
            sys.exit(f"It took too long until {what}")
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
