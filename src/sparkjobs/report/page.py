"""What the page says, from the record of a run and those of earlier ones."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined, Template, TemplateError
from markupsafe import Markup

from sparkjobs.config.incremental import instant_of
from sparkjobs.errors import UsageError
from sparkjobs.record import SCHEMA_VERSION, past_runs
from sparkjobs.report import charts, words
from sparkjobs.results import PastRun

_CHARTED: Final = 30
"""Runs until this one that the charts show."""
_FAILED: Final = ("fail", "error")
_WORST_FIRST: Final = ("fail", "error", "skipped", "warn", "learning", "success", "pass", "no-op")


def write_report(folder: Path) -> Path:
    """`report.html` beside the `run_results.json` in `folder`, and its path.

    Raises:
        UsageError: no run is recorded there, or not as this version records it, or it cannot be written.
    """
    record, path = folder / "run_results.json", folder / "report.html"
    try:
        text = record.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{record}: {error.strerror}", "A run that was killed leaves no results.") from None
    try:
        told = _told(json.loads(text, parse_constant=_no_number), record)
        path.write_text(told, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", "`sparkjobs report` makes it again.") from error
    except (
        *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError),
        TemplateError,
    ) as error:
        fix = "`sparkjobs history` tells of other runs."
        raise UsageError(f"{record} is not as this version writes it: {error}", fix) from error
    return path


def page(record: Mapping[str, Any], past: Mapping[str, tuple[PastRun, ...]]) -> str:
    """The page of one recorded run, with the runs of its jobs until then; one file that loads nothing."""
    about = record["metadata"]
    started = instant_of(about["generated_at"])
    jobs = [_job(entry, past, started) for entry in record["results"]]
    ledgers = [ledger for job in jobs for ledger in job["ledger"].values()]
    return _template().render(
        about=about,
        started=started,
        seconds=record["elapsed_time"],
        verdict=_verdict(jobs),
        failed=[job for job in jobs if job["status"] in (*_FAILED, "skipped")],
        warned=[job for job in jobs if job["warnings"]],
        jobs=jobs,
        statuses=_counted(job["status"] for job in jobs),
        checks=_counted(check["status"] for job in jobs for check in job["checks"]),
        read=sum(one["read"] for one in ledgers),
        quarantined=sum(one["quarantined"] for one in ledgers),
        published=sum(job["published"] or 0 for job in jobs),
    )


def _told(content: Mapping[str, Any], record: Path) -> str:
    about = content["metadata"]
    if about["schema_version"] != SCHEMA_VERSION:
        raise ValueError(f"its schema version is {about['schema_version']!r}, not {SCHEMA_VERSION}")
    past = past_runs(record.parents[1], about["project"], about["env"], newest=_CHARTED, until=record)
    return page(content, past.runs)


def _no_number(constant: str) -> float:
    raise ValueError(f"it holds {constant}")


def _job(
    entry: Mapping[str, Any], past: Mapping[str, tuple[PastRun, ...]], until: datetime
) -> dict[str, Any]:
    """An entry of the record, and what the page says besides."""
    name = entry["unique_id"].rpartition(".")[2]
    failed = entry["status"] in _FAILED
    reasons = [check for check in entry["checks"] if failed and check["status"] in _FAILED]
    warnings = [
        check for check in entry["checks"] if check["status"] in (*_FAILED, "warn") and check not in reasons
    ]
    columns = (entry.get("profile") or {"columns": {}})["columns"].values()
    return {
        **entry,
        "name": name,
        "runs": [one for one in past.get(name, ()) if one.started <= until],
        "reasons": reasons,
        "warnings": warnings,
        "profile": entry.get("profile"),
        "advice": entry.get("advice", ()),
        "estimated": any("distinct" in one for one in columns),
    }


def _verdict(jobs: list[dict[str, Any]]) -> tuple[str, str]:
    """The status of the whole run, and a sentence that tells it."""
    counts = Counter(job["status"] for job in jobs)
    failed, skipped, done = counts["fail"] + counts["error"], counts["skipped"], counts["success"]
    if failed:
        return "fail", f"{failed} of {_jobs(len(jobs))} failed" + (f", {skipped} skipped" if skipped else "")
    if skipped:
        return "fail", f"{skipped} of {_jobs(len(jobs))} skipped"
    if done == 0:
        return "no-op", f"{_jobs(len(jobs))} up to date, nothing to do"
    rest = f", {len(jobs) - done} up to date" if done < len(jobs) else ""
    return "success", f"{_jobs(done)} published{rest}"


def _jobs(count: int) -> str:
    return f"{count:,} job" if count == 1 else f"{count:,} jobs"


def _counted(statuses: Iterable[str]) -> list[tuple[str, int]]:
    """How often each status comes, the worst first."""
    return sorted(Counter(statuses).items(), key=lambda one: _WORST_FIRST.index(one[0]))


def _strip(runs: Sequence[PastRun]) -> Markup:
    return charts.strip([(run.status, f"{run.run_id}: {run.status}") for run in runs])


def _courses(runs: Sequence[PastRun]) -> list[tuple[str, list[float]]]:
    """The figures of those runs that published; what failed says nothing of what is usual."""
    done = [run for run in runs if run.published is not None]
    return [
        ("rows published", [float(run.published or 0) for run in done]),
        ("rows quarantined", [float(run.quarantined) for run in done]),
        ("seconds", [run.seconds for run in done]),
    ]


@cache
def _template() -> Template:
    here = files("sparkjobs.report")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    told = (words.bound, words.kind, words.number, words.sample, words.share, words.size, words.span)
    environment.filters |= {one.__name__: one for one in (*told, charts.now_and_range)}
    environment.filters |= {"strip": _strip, "courses": _courses}
    style = Markup(here.joinpath("page.css").read_text("utf-8"))  # noqa: S704 (a file of ours)
    environment.globals |= {"line": charts.line, "bar": charts.bar, "spread": charts.spread, "style": style}
    return environment.from_string(here.joinpath("page.html").read_text("utf-8"))
