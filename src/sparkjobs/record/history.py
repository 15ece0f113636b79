"""What earlier runs have left in their records. Losing records only makes it shorter."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final

from sparkjobs.config.incremental import instant_of
from sparkjobs.errors import UsageError
from sparkjobs.record.run_results import SCHEMA_VERSION
from sparkjobs.results import ColumnProfile, PastRun, Profile

_TOO_MANY: Final = 2**63
"""Of anything; Spark counts no further."""


@dataclass(frozen=True, slots=True)
class Records:
    """The recorded runs, and what lies beside them that is no record of this project."""

    runs: Mapping[str, tuple[PastRun, ...]]
    """By job, newest last."""
    skipped: tuple[str, ...]
    """Each file that tells nothing, and why."""


class _StrangeError(Exception):
    """A file is no record of ours; its text says why."""


def past_runs(
    folder: Path, project: str, env: str | None, *, newest: int | None = None, until: Path | None = None
) -> Records:
    """What the records in `folder` tell of the runs of `project` with the overlay `env`.

    All of them, or the `newest` so many of those that were not written after `until`.

    Another overlay means other tables, so its runs are no part of the same history.
    """
    runs: list[PastRun] = []
    skipped: list[str] = []
    for path in _files(folder, newest, until):
        try:
            runs += _runs(path, project, env)
        except _StrangeError as strange:
            skipped.append(f"{path}: {strange}")
        except OSError as error:
            skipped.append(f"{path}: {error.strerror}")
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
            skipped.append(f"{path}: it is not as a run writes it")
    runs.sort(key=lambda one: (one.started, one.run_id))
    jobs = sorted({one.job for one in runs})
    return Records({job: tuple(one for one in runs if one.job == job) for job in jobs}, tuple(skipped))


def last_run(runs: Path, left: str) -> Path:
    """The folder of the newest run that has left a file of that name.

    Raises:
        UsageError: there is none.
    """
    files = list(runs.glob(f"*/{left}"))
    if not files:
        raise UsageError(f"No run is recorded in {runs}.", "`sparkjobs run` makes one.")
    return max(files, key=_written).parent


def _files(folder: Path, newest: int | None, until: Path | None) -> list[Path]:
    paths = sorted(folder.glob("*/run_results.json"))
    if until is not None:
        last = _written(until)
        paths = [path for path in paths if _written(path) <= last]
    return paths if newest is None else sorted(paths, key=_written)[-newest:]


def _written(path: Path) -> int:
    """When a record was written; one that was removed meanwhile is the oldest."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _runs(path: Path, project: str, env: str | None) -> list[PastRun]:
    content = json.loads(path.read_text(encoding="utf-8"))
    about = content["metadata"]
    if about["schema_version"] != SCHEMA_VERSION:
        raise _StrangeError(f"its schema version is {about['schema_version']!r}, not {SCHEMA_VERSION}")
    if about["project"] != project:
        raise _StrangeError(f"it is of the project {about['project']!r}")
    if about["env"] != env:
        return []
    # all of a file or nothing: what is damaged in one place may be wrong in the others
    return [_run(about, entry) for entry in content["results"]]


def _run(about: Mapping[str, Any], entry: Mapping[str, Any]) -> PastRun:
    ledgers = entry["ledger"].values()
    profile, published = entry.get("profile"), entry["published"]
    return PastRun(
        job=_text(entry["unique_id"]).rpartition(".")[2],
        run_id=_text(about["invocation_id"]),
        started=instant_of(about["generated_at"]),
        status=_text(entry["status"]),
        kind=entry.get("kind"),
        read=sum(_count(one["read"]) for one in ledgers),
        quarantined=sum(_count(one["quarantined"]) for one in ledgers),
        published=None if published is None else _count(published),
        seconds=_finite(entry["execution_time"]),
        profile=None if profile is None else _profile(profile),
        checks=tuple((_text(one["name"]), _text(one["status"])) for one in entry["checks"]),
        seen=tuple(_text(one.get("observed", "")) for one in entry["checks"]),
        message=_text(entry.get("message", "")),
    )


def _profile(told: Mapping[str, Any]) -> Profile:
    columns = ((name, _column(one)) for name, one in told["columns"].items())
    return Profile(_count(told["rows"]), _count(told["bytes"]), tuple(columns))


def _column(told: Mapping[str, Any]) -> ColumnProfile:
    nulls = told["nulls"]
    low, high = _bound(told["min"]), _bound(told["max"])
    return ColumnProfile(_text(told["type"]), None if nulls is None else _count(nulls), low, high)


def _text(value: object) -> str:
    if isinstance(value, str):
        value.encode()  # half a surrogate could not be written again
        return value
    raise TypeError(value)


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _TOO_MANY:
        return value
    raise TypeError(value)


def _finite(value: object) -> float:
    if isinstance(value, int | float) and isfinite(value):
        return float(value)
    raise TypeError(value)


def _bound(value: object) -> int | str | None:
    if value is None or isinstance(value, int | str):
        return value
    raise TypeError(value)
