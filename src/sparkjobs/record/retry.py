"""What a recorded run left undone, as a request that reads the inputs it had."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sparkjobs.errors import UsageError
from sparkjobs.plan import File, Pins, Request, Window

_UNDONE = ("error", "fail", "skipped")


def last_run(runs: Path) -> Path:
    """The folder of the newest run.

    Raises:
        UsageError: there is none.
    """
    folders = [path.parent for path in runs.glob("*/plan.json")]
    if not folders:
        raise UsageError(f"No run is recorded in {runs}.", "`sparkjobs run` makes one.")
    return max(folders, key=lambda folder: (folder / "plan.json").stat().st_mtime_ns)


def unfinished(folder: Path, env: str | None, now: datetime) -> Request:
    """The jobs of the run in `folder` that have not published, and what they were to read.

    A run that was killed has no results: then all of its jobs are asked for, and those that have
    published are up to date.

    Raises:
        UsageError: there is no such run, or it was made with another overlay.
    """
    plan = _json(folder / "plan.json")
    if plan is None:
        raise UsageError(f"No run is recorded in {folder}.", "Name one of the folders beside it.")
    if plan["env"] != env:
        raise UsageError(f"{folder.name} was run with --env {plan['env']}.", "Give the same --env again.")
    results = (_json(folder / "run_results.json") or {}).get("results", [])
    done = {one["unique_id"].rpartition(".")[2]: one for one in results if one["status"] not in _UNDONE}
    undone = [job for job in plan["jobs"] if job["name"] not in done and job["reasons"]]
    pins = {key: pin for job in undone for one in job["inputs"] for key, pin in _pin(one, done)}
    full = any(job["reasons"] == ["full refresh"] for job in undone)
    return Request(tuple(job["name"] for job in undone), (), full, Window(now), pins)


def _pin(one: Mapping[str, Any], done: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Pins]]:
    if "source" in one:
        files = frozenset(File(**file) for group in one["groups"] for file in group["files"])
        yield ("source", one["source"]), Pins(files, one["version"])
        return
    published = done.get(one["job"], {}).get("table_version")
    version = published if published is not None else one["version"]
    if version is not None:
        yield ("ref", one["job"]), Pins(frozenset(), version)


def _json(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return None
