"""Named points at which a test may kill the process; without the variable nothing happens."""

import os
import signal

VARIABLE = "SPARKJOBS_KILL_AT"


def reach(point: str) -> None:
    """Die here, as from a power cut, if the environment names this point."""
    if os.environ.get(VARIABLE) == point:
        os.kill(os.getpid(), signal.SIGKILL)
