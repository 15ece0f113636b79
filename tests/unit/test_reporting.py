"""What sends events of OpenLineage: nobody waits for it longer than conf says."""

import time
from pathlib import Path
from threading import Event

from sparkjobs.lineage.events import About
from sparkjobs.lineage.reporting import Reporter
from tests.unit.projects import plan_of, project

AT = "2026-01-01T00:00:00+00:00"


def test_an_event_that_gets_stuck_holds_up_nobody(tmp_path: Path) -> None:
    go = Event()
    reporter = Reporter(About("here", "demo", "r1", "4.2.0"), lambda _: go.wait(4))
    before = time.monotonic()

    for job in plan_of(project(tmp_path)).jobs * 3:
        reporter.started(job, AT)
    told = reporter.close(0.3)

    assert time.monotonic() - before < 5
    assert told == ["3 of 3 events of OpenLineage were not delivered"]
    go.set()
