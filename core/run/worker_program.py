"""The worker as a program, `python -m core.run.worker_program THREADS SECONDS`; see worker.py for what it does."""

import gc
import sys

# Python's own number is some hundreds, and of a frame of 10,000 instances a fifth of the time is spent looking for it.
_OBJECTS_BEFORE_GARBAGE = 100_000

if __name__ == "__main__":
    # What is imported stays to the end, so garbage need not be looked for in it: not meanwhile, not now and then, and
    # above all not by the interpreter when it ends, which would take it longer than all else that it does then. The
    # thousands of objects of a frame are no garbage either, and hardly any of it is in circles.
    gc.disable()
    from .worker import run_worker

    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_GARBAGE)
    gc.enable()
    sys.exit(run_worker(int(sys.argv[1]), float(sys.argv[2])))
