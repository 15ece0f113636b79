"""What a recorded run left undone, as a request that reads the inputs it had."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sparkjobs.config.incremental import instant_of
from sparkjobs.errors import UsageError
from sparkjobs.plan import File, Pins, Request, Window
from sparkjobs.state import look

_UNDONE = ("error", "fail", "skipped")


def unfinished(folder: Path, env: str | None, now: datetime) -> Request:
    """The jobs of the run in `folder` that have not published, and what they were to do.

    A run that was killed has no results: then the tables say what it has published. A job to whose
    table somebody else has published since is asked for too, but from what is there now.

    Raises:
        UsageError: there is no such run, or it was made with another overlay.
        StateError: what a table says of itself cannot be read.
    """
    plan = _json(folder / "plan.json")
    if plan is None:
        raise UsageError(f"No run is recorded in {folder}.", "Name one of the folders beside it.")
    if plan["env"] != env:
        raise UsageError(f"{folder.name} was run with --env {plan['env']}.", "Give the same --env again.")
    if any("batches" in (one.get("part") or {}) for job in plan["jobs"] for one in job["inputs"]):
        fix = "`sparkjobs quarantine replay JOB` takes what still waits there."
        raise UsageError(f"{folder.name} was a replay of rejected rows.", fix)
    results = (_json(folder / "run_results.json") or {}).get("results", [])
    done = {
        one["unique_id"].rpartition(".")[2]: one["table_version"]
        for one in results
        if one["status"] not in _UNDONE
    }
    left = {job["name"]: job for job in plan["jobs"] if job["reasons"] and job["name"] not in done}
    states = {
        name: look(name, Path(job["table"]), job["conf"]["output"]["format"]) for name, job in left.items()
    }
    moved = {name for name, state in states.items() if state.committed != left[name]["committed"]}
    for name in moved:
        if (manifest := states[name].manifest) and manifest.run_id == folder.name:
            done[name] = states[name].version
            del left[name]
    return _request(list(left.values()), moved, done, now)


def _request(
    jobs: list[dict[str, Any]], moved: set[str], done: Mapping[str, int | None], now: datetime
) -> Request:
    """All jobs that read one table read one version of it: the newest, where one of them has `moved`."""
    newest = {_key(one) for job in jobs if job["name"] in moved for one in job["inputs"]}
    reads = [(_key(one), _version(one, done)) for job in jobs for one in job["inputs"]]
    versions = {key: version for key, version in reads if version is not None and key not in newest}
    pins = {job["name"]: _pins(job) for job in jobs}
    window = next((pin.window for pin in pins.values() if pin.window), Window())
    full = any(job["reasons"][0] == "full refresh" for job in jobs)
    return Request(tuple(pins), (), full, replace(window, now=now), pins, versions)


def _pins(job: Mapping[str, Any]) -> Pins:
    files = {
        one["name"]: frozenset(File(**file) for group in one["groups"] for file in group["files"])
        for one in job["inputs"]
        if "source" in one
    }
    instants = {name: text and instant_of(text) for name, text in (job.get("window") or {}).items()}
    return Pins(job["committed"], job["mode"], Window(**instants) if instants else None, files)


def _key(one: Mapping[str, Any]) -> tuple[str, str]:
    return ("source", one["source"]) if "source" in one else ("ref", one["job"])


def _version(one: Mapping[str, Any], done: Mapping[str, int | None]) -> int | None:
    """What the run has read or, where that was published in it, would have read."""
    version: int | None = one["version"]
    return done.get(one["job"]) if version is None and "job" in one else version


def _json(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return None
