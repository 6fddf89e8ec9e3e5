"""Annotate EXR files on the workers of Ray or Dask, or in processes of this machine.

    python examples/farm/shards.py RENDERS DATASET [--shards 8] [--on processes|ray|dask] [--address ADDRESS]

All workers have to see both folders, and have Labelpass installed. A shard that runs again does only what is missing,
so the scheduler may repeat it as it likes.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

LABELPASS = [sys.executable, "-m", "labelpass"]


def annotate_shard(renders: str, dataset: str, shard: str) -> str:
    """Label one share of the frames, such as "3/10", as the plan of the dataset says; returns the result in a line.

    The only thing that a scheduler has to run. Other workers do the other shares at the same time.
    """
    command = [*LABELPASS, "annotate", renders, "--output", dataset, "--shard", shard, "--workers", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"Shard {shard} failed: {done.stdout}{done.stderr}")
    return done.stdout.splitlines()[0]


Shards = Iterable[tuple[str, str, str]]


def on_processes(shards: Shards, address: str | None) -> Iterable[str]:
    with ProcessPoolExecutor() as pool:
        yield from pool.map(annotate_shard, *zip(*shards, strict=True))


def on_ray(shards: Shards, address: str | None) -> Iterable[str]:
    import ray

    ray.init(address=address)
    task = ray.remote(annotate_shard).options(max_retries=3)
    yield from ray.get([task.remote(*shard) for shard in shards])


def on_dask(shards: Shards, address: str | None) -> Iterable[str]:
    from dask.distributed import Client

    with Client(address) as client:
        yield from client.gather(client.map(annotate_shard, *zip(*shards, strict=True), retries=3))


ON: dict[str, Callable[[Shards, str | None], Iterable[str]]] = {
    "processes": on_processes,
    "ray": on_ray,
    "dask": on_dask,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Annotates EXR files on many workers")
    parser.add_argument("renders", type=Path)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--on", choices=list(ON), default="processes")
    parser.add_argument("--address", help="of the scheduler of Ray or Dask (default: one on this machine)")
    options = parser.parse_args()
    renders, dataset = str(options.renders.resolve()), str(options.dataset.resolve())
    subprocess.run([*LABELPASS, "plan", renders, "--output", dataset], check=True)
    shards = [(renders, dataset, f"{number}/{options.shards}") for number in range(1, options.shards + 1)]
    for line in ON[options.on](shards, options.address):
        print(line)
    subprocess.run([*LABELPASS, "merge", dataset], check=True)


if __name__ == "__main__":
    main()
