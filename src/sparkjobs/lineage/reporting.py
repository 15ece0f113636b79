"""Telling other tools of a run: events of OpenLineage, sent beside it.

A job never waits for it and never fails by it. What could not be told is a warning at the end of the run.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final

from py4j.protocol import Py4JError
from pyspark import __version__ as spark_version
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame

from sparkjobs.config import Conf
from sparkjobs.config.openlineage import OpenLineage
from sparkjobs.config.references import UnknownReferenceError, revealed, scrubbed
from sparkjobs.lineage.nodes import UnknownPlanError
from sparkjobs.lineage.publishing import Result, published
from sparkjobs.plan import JobPlan
from sparkjobs.results import JobResult
from sparkjobs.session import root_cause

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent
    from openlineage.client.transport import Transport

    from sparkjobs.lineage.events import About

_EXTRA: Final = "`pip install sparkjobs[openlineage]` brings the client that OpenLineage needs"
_LEFT: Final = 2
"""How many times as long as for one event to wait for all in the end."""


class Reporter:
    """Sends events in a thread of its own; for any thread."""

    def __init__(self, about: "About", send: "Callable[[RunEvent], object]") -> None:
        self._about, self._send = about, send
        self._queue: Queue[RunEvent | None] = Queue()
        self._open: set[str] = set()
        self._lock = Lock()
        self._sent = self._asked = 0
        self._troubles: dict[str, None] = {}
        self._thread = Thread(target=self._send_all, name="openlineage", daemon=True)
        self._thread.start()

    def started(self, job: JobPlan, at: str) -> None:
        """Tell that `job` begins."""
        from sparkjobs.lineage.events import started  # noqa: PLC0415 (its client may not be installed)

        self._open.add(job.name)
        self._put(started(self._about, job, at))

    def ended(self, job: JobPlan, result: JobResult, frame: DataFrame | None) -> None:
        """Tell how `job` has ended, where it had begun; `frame` is what its function has made."""
        from sparkjobs.lineage.events import ended  # noqa: PLC0415 (its client may not be installed)

        if job.name in self._open:
            self._open.discard(job.name)
            found = self._columns(job, frame) if result.published and frame is not None else None
            self._put(ended(self._about, job, result, found))

    def close(self, wait_s: float) -> list[str]:
        """Wait for what is still to be sent, so long at most; what is to be said of all that went wrong."""
        self._queue.put(None)
        self._thread.join(wait_s)
        with self._lock:
            lost = self._asked - self._sent
            told = [f"{lost} of {self._asked} events of OpenLineage were not delivered"] if lost else []
            return [*told, *self._troubles]

    def _put(self, event: "RunEvent") -> None:
        with self._lock:
            self._asked += 1
        self._queue.put(event)

    def _send_all(self) -> None:
        while (event := self._queue.get()) is not None:
            try:
                self._send(event)
            except Exception as error:  # noqa: BLE001 (whatever another's client raises: the run goes on)
                self._trouble(f"OpenLineage: {type(error).__name__}: {_short(str(error))}")
            else:
                with self._lock:
                    self._sent += 1

    def _columns(self, job: JobPlan, frame: DataFrame) -> Result | None:
        """The columns of the table, from the plan of what really ran."""
        from sparkjobs.lineage.columns import found_in  # noqa: PLC0415
        from sparkjobs.lineage.events import node_of  # noqa: PLC0415

        try:
            inputs = {one.name: node_of(one) for one in job.inputs}
            return published(job.conf.output, *found_in(frame, inputs))
        except UnknownPlanError as error:
            why = str(error)
        except (PySparkException, Py4JError, ValueError, LookupError) as error:
            why = root_cause(error)
        self._trouble(f"{job.name}: its columns are not known to OpenLineage: {_short(why)}")
        return None

    def _trouble(self, text: str) -> None:
        with self._lock:
            self._troubles[text] = None


@contextmanager
def reporting(conf: Conf, run_id: str, warn: Callable[[str], None]) -> Iterator[Reporter | None]:
    """What tells of the run, where conf wants it; `warn` is told in the end what went wrong."""
    wanted = conf.project.openlineage
    reporter = _reporter(conf, wanted, run_id, warn) if wanted else None
    try:
        yield reporter
    finally:
        if reporter and wanted:
            for text in reporter.close(_LEFT * wanted.timeout_s):
                warn(text)


def _reporter(conf: Conf, wanted: OpenLineage, run_id: str, warn: Callable[[str], None]) -> Reporter | None:
    try:
        from sparkjobs.lineage.events import About  # noqa: PLC0415 (its client may not be installed)

        transport = _transport(wanted)
    except ImportError as error:
        warn(f"no events of OpenLineage are sent: {error}; {_EXTRA}")
    except (UnknownReferenceError, ValueError, OSError) as error:
        warn(f"no events of OpenLineage are sent: {_short(str(error))}")
    else:
        namespace = wanted.namespace or conf.project.name
        return Reporter(About(namespace, conf.project.name, run_id, spark_version), transport.emit)
    return None


def _transport(wanted: OpenLineage) -> "Transport":
    if wanted.file is not None:
        from openlineage.client.transport.file import FileConfig, FileTransport  # noqa: PLC0415

        Path(wanted.file).parent.mkdir(parents=True, exist_ok=True)
        return FileTransport(FileConfig(log_file_path=wanted.file, append=True))
    from openlineage.client.transport.http import (  # noqa: PLC0415
        ApiKeyTokenProvider,
        HttpConfig,
        HttpTransport,
        TokenProvider,
    )

    key = revealed(wanted.token, os.environ) if wanted.token else None
    auth = ApiKeyTokenProvider({"api_key": key}) if key else TokenProvider({})
    return HttpTransport(
        HttpConfig(
            url=str(wanted.url),
            endpoint=wanted.endpoint,
            timeout=wanted.timeout_s,
            auth=auth,
            retry={"total": 1, "backoff_factor": 0.2, "allowed_methods": ["POST"]},
        )
    )


def _short(text: str) -> str:
    return scrubbed(" ".join(text.split()))[:300]
