"""Why a job runs: what is not as it was when its table was last published."""

from collections.abc import Iterator
from typing import Any

from sparkjobs.plan.increments import pinned_as
from sparkjobs.plan.model import JobPlan, PlannedInput, TableInput
from sparkjobs.state import Manifest


def reasons_of(job: JobPlan, last: Manifest | None) -> Iterator[str]:
    """Why a job that takes everything runs; nothing when it is up to date."""
    if last is None:
        yield "first run"
        return
    if changed := changed_logic(job, last):
        yield f"{changed} changed"
    before = {one["name"]: _without_replay(one) for one in last.inputs}
    for one in job.inputs:
        if isinstance(one, TableInput) and one.version is None:
            yield f"{one.job} runs"
        elif before.get(one.name) != pinned_as(one, before.get(one.name)):
            yield _what_is_new(one, before.get(one.name))


def _without_replay(entry: dict[str, Any]) -> dict[str, Any]:
    """What an entry of a manifest says of its input; that rejected rows were taken says nothing of it."""
    replay = "replayed" in (entry.get("part") or {})
    return {key: value for key, value in entry.items() if not (replay and key == "part")}


def changed_logic(job: JobPlan, last: Manifest) -> str | None:
    """What of the job is not as it was in `last`: its code, its conf, or both."""
    parts = {"code": last.code != job.code, "conf": last.conf != job.fingerprint}
    return " and ".join(part for part, differs in parts.items() if differs) or None


def stale_lookups(job: JobPlan, last: Manifest) -> Iterator[str]:
    """The lookups of an incremental job that changed; no reason to run, but to be told."""
    before = {one["name"]: one for one in last.inputs}
    for one in job.inputs:
        last_entry = before.get(one.name)
        if job.conf.inputs[one.name].lookup and last_entry != pinned_as(one, last_entry):
            yield f"{one.name} is not what published rows were joined with; --full-refresh joins them anew"


def _what_is_new(one: PlannedInput, before: dict[str, object] | None) -> str:
    if isinstance(one, TableInput):
        return f"{one.job} was published again"
    if before is None or one.version is not None:
        return f"{one.source} has a new version"
    old = {tuple(entry) for entry in before["files"]}  # type: ignore[attr-defined]  # a list of files
    new = {(file.path, file.size, file.modified_ns) for file in one.files}
    changed = {path for path, *_ in new - old} & {path for path, *_ in old}
    parts = {
        "new": len({path for path, *_ in new - old} - changed),
        "changed": len(changed),
        "gone": len({path for path, *_ in old - new} - changed),
    }
    counts = ", ".join(f"{count} {word}" for word, count in parts.items() if count)
    return f"{one.source} has other files ({counts})"
