"""Events: what a run does while it does it, one JSON object per line in events.jsonl."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from sparkjobs.config.references import scrubbed_leaves
from sparkjobs.results import JobResult

EventName = Literal[
    "run_started", "job_started", "step", "retry", "optimized", "warning", "job_ended", "run_ended"
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at `time` (UTC, ISO), to `job` or to the whole run."""

    time: str
    name: EventName
    job: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


def job_ended(result: JobResult) -> Event:
    """That a job has ended, with what a line of a log tells of it."""
    facts = {
        "status": result.status,
        "message": result.message,
        "seconds": round(result.seconds, 3),
        "read": sum(one.read for one in result.ledgers),
        "quarantined": sum(one.quarantined for one in result.ledgers),
        "published": result.published.rows if result.published else None,
    }
    return Event(result.completed, "job_ended", result.job, facts)


class EventLog:
    """Appends events to a file; each line is on disk before the next step begins."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = path.open("a", encoding="utf-8")

    def write(self, event: Event) -> None:
        """Append one line."""
        facts = {key: scrubbed_leaves(fact) for key, fact in event.facts.items()}
        line = {"time": event.time, "event": event.name, "job": event.job, **facts}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        """No event comes after this."""
        self._file.close()
