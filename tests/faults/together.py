"""A run that waits, just before it takes the lock of its table, until all others are there too.

`python -m tests.faults.together READY GO run …` makes the file READY and goes on when there is a file GO.
"""

import sys
import time
from pathlib import Path

from sparkjobs import run as running
from sparkjobs.cli import main
from sparkjobs.flow import run_job
from sparkjobs.plan import JobPlan
from sparkjobs.progress import Progress, Run
from sparkjobs.results import JobResult
from sparkjobs.shelf import Shelf

_PATIENCE_S = 600


def hold(ready: Path, go: Path) -> None:
    """Let every job of this process wait for `go`."""

    def held(run: Run, shelf: Shelf, job: JobPlan, progress: Progress, results: dict[str, JobResult]) -> None:
        ready.touch()
        until = time.monotonic() + _PATIENCE_S
        while not go.exists() and time.monotonic() < until:
            time.sleep(0.005)
        run_job(run, shelf, job, progress, results)

    vars(running)["run_job"] = held


if __name__ == "__main__":
    hold(Path(sys.argv[1]), Path(sys.argv[2]))
    del sys.argv[1:3]
    main()
