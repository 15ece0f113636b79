"""The record of a run: run_results.json, plan.json and events.jsonl. It comes last; tables never need it.

Here: what happened, written for people and for other tools.
Not here: deciding anything (plan), what a table knows of itself (state).
"""

from sparkjobs.record.earlier import earlier
from sparkjobs.record.events import Event, EventLog, job_ended
from sparkjobs.record.history import Records, last_run, past_runs
from sparkjobs.record.run_results import SCHEMA_VERSION, write_plan, write_results

__all__ = [
    "SCHEMA_VERSION",
    "Event",
    "EventLog",
    "Records",
    "earlier",
    "job_ended",
    "last_run",
    "past_runs",
    "write_plan",
    "write_results",
]
