"""Tell a plan, as text for people or as JSON: the very object that `run` executes."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sparkjobs.plan.model import JobPlan, Key, PlannedInput, RunPlan, SourceInput
from sparkjobs.plan.parts import Replayed
from sparkjobs.plan.scans import Scans, told
from sparkjobs.registry import Marked


def as_json(plan: RunPlan) -> str:
    """The whole plan; the same plan gives the same text."""
    return json.dumps(plan, default=_encoded, indent=2, ensure_ascii=False) + "\n"


def as_text(plan: RunPlan, scans: Mapping[str, Scans] | None = None) -> str:
    """The plan for a terminal, with the scans of its jobs where these are known."""
    running = sum(job.runs for job in plan.jobs)
    env = f", env {plan.env}" if plan.env else ""
    head = (
        f"{plan.project}{env}: {len(plan.jobs)} jobs, {running} to run, {len(plan.jobs) - running} up to date"
    )
    readers = plan.readers()
    lines = (line for job in plan.jobs for line in _job(plan, job, readers, (scans or {}).get(job.name)))
    return "\n".join([head, *lines]) + "\n"


def _job(
    plan: RunPlan, job: JobPlan, readers: Mapping[Key, tuple[str, ...]], scans: Scans | None
) -> Iterator[str]:
    yield ""
    yield f"{job.name}: {'runs: ' + '; '.join(job.reasons) if job.runs else 'up to date'}"
    for warning in job.warnings:
        yield f"  warning  {warning}"
    if not job.runs:
        return
    for one in job.inputs:
        yield f"  in   {one.name}: {_input(one, tuple(dict.fromkeys(readers[one.key])))}"
        if scans is not None:
            yield from told(one, scans, plan.root)
    for view in job.views:
        yield f"  view {view.name}: {', '.join(view.tables.values())}"
    if scans is not None and scans.unknown:
        yield f"  scans  cannot be told: {scans.unknown}"
    if job.whole:
        yield "  or   everything, if only then it shows that the table must be made anew"
    output = job.conf.output
    by = f" by {', '.join(output.partition_by)}" if output.partition_by else ""
    yield f"  out  {output.format} {job.mode}{by}: {shown(job.table, plan.root)}"
    if job.checks:
        yield f"  checks  {'; '.join(_checks(job))}"


def _checks(job: JobPlan) -> Iterator[str]:
    """The checks of a job by what answers them."""
    kinds: dict[str, Counter[str]] = {}
    for check in job.checks:
        kinds.setdefault(check.source, Counter()).update((check.conf.kind,))
    for source, counts in kinds.items():
        told = (kind if count == 1 else f"{kind} x{count}" for kind, count in counts.items())
        yield f"{source}: {', '.join(told)}"


def _input(one: PlannedInput, users: tuple[str, ...]) -> str:
    once = f", read once for {', '.join(users)}" if len(users) > 1 else ", cached" if one.cached else ""
    part = f", {one.part}" if one.part else ""
    once = part + once
    if isinstance(one.part, Replayed):
        return str(one.part)
    if isinstance(one, SourceInput):
        if one.version is not None:
            return f"{one.source}, Delta version {one.version}{once}"
        size = sum(file.size for file in one.files)
        return f"{one.source}, {len(one.files)} {one.conf.format} files, {size / 1e6:,.1f} MB{once}"
    which = "as published in this run" if one.version is None else f"version {one.version}"
    return f"{one.job}, {which}{once}"


def shown(path: Path, root: Path) -> str:
    """`path` as people name it: from the project where it lies inside."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _encoded(value: object) -> Any:  # noqa: ANN401 (whatever JSON takes)
    if isinstance(value, Marked):
        return {"name": value.name, "line": value.line, "file": value.file}
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g}s"
    return value.model_dump(mode="json")  # type: ignore[attr-defined]  # only conf models are left
