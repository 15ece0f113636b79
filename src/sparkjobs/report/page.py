"""What the page says, from the record of a run and those of earlier ones."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined, Template, UndefinedError
from markupsafe import Markup

from sparkjobs.config.incremental import instant_of
from sparkjobs.errors import UsageError
from sparkjobs.record import past_runs
from sparkjobs.report import charts
from sparkjobs.results import PastRun

_CHARTED: Final = 30
"""Runs of a job that its charts show."""
_READ: Final = 100
"""Records that are looked at for them."""
_UNDONE: Final = ("fail", "error", "skipped")
_KILO: Final = 1000
_LEAST: Final = 0.01
"""The smallest percentage that is told in digits."""


def write_report(folder: Path) -> Path:
    """`report.html` beside the `run_results.json` in `folder`, and its path.

    Raises:
        UsageError: no run is recorded there, or not as this version records it.
    """
    record = folder / "run_results.json"
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        about = content["metadata"]
        past = past_runs(folder.parent, about["project"], about["env"], newest=_READ)
        told = page(content, past.runs)
    except FileNotFoundError:
        raise UsageError(f"No results are recorded in {folder}.", "A run that was killed has none.") from None
    except (ValueError, LookupError, TypeError, AttributeError, UndefinedError) as error:
        raise UsageError(
            f"{record} is not as a run writes it: {error}", "`sparkjobs history` tells of other runs."
        ) from error
    path = folder / "report.html"
    path.write_text(told, encoding="utf-8")
    return path


def page(record: Mapping[str, Any], past: Mapping[str, tuple[PastRun, ...]]) -> str:
    """The page of one recorded run, with the runs of its jobs until then; one file that loads nothing."""
    about = record["metadata"]
    started = instant_of(about["generated_at"])
    jobs = [_job(entry, past, started) for entry in record["results"]]
    checks = [check for job in jobs for check in job["checks"]]
    ledgers = [ledger for job in jobs for ledger in job["ledger"].values()]
    return _template().render(
        about=about,
        started=started,
        seconds=record["elapsed_time"],
        verdict=_verdict(jobs),
        undone=[job for job in jobs if job["status"] in _UNDONE],
        warned=[job for job in jobs if any(check["status"] == "warn" for check in job["checks"])],
        jobs=jobs,
        statuses=_counted(job["status"] for job in jobs),
        checks=_counted(check["status"] for check in checks),
        read=sum(one["read"] for one in ledgers),
        quarantined=sum(one["quarantined"] for one in ledgers),
        published=sum(job["published"] or 0 for job in jobs),
    )


def _job(
    entry: Mapping[str, Any], past: Mapping[str, tuple[PastRun, ...]], until: datetime
) -> dict[str, Any]:
    name = entry["unique_id"].rpartition(".")[2]
    runs = [one for one in past.get(name, ()) if one.started <= until][-_CHARTED:]
    columns = (entry["profile"] or {"columns": {}})["columns"].values()
    return {**entry, "name": name, "runs": runs, "estimated": any("distinct" in one for one in columns)}


def _verdict(jobs: list[dict[str, Any]]) -> tuple[str, str]:
    """The status of the whole run, and a sentence that tells it."""
    undone = sum(job["status"] in _UNDONE for job in jobs)
    done = sum(job["status"] == "success" for job in jobs)
    if undone:
        tables = "its table is as it was" if undone == 1 else "their tables are as they were"
        return "fail", f"{undone} of {_jobs(len(jobs))} did not publish; {tables}"
    if done == 0:
        return "no-op", f"{_jobs(len(jobs))} up to date, nothing to do"
    rest = f", {len(jobs) - done} up to date" if done < len(jobs) else ""
    return "success", f"{_jobs(done)} published{rest}"


def _jobs(count: int) -> str:
    return f"{count:,} job" if count == 1 else f"{count:,} jobs"


def _counted(statuses: Iterable[str]) -> list[tuple[str, int]]:
    """How often each status comes, the worst first."""
    worst = ("fail", "error", "skipped", "warn", "learning", "success", "pass", "no-op")
    return sorted(Counter(statuses).items(), key=lambda one: worst.index(one[0]))


def _rows(sample: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of a sample, which is recorded as JSON objects."""
    return [json.loads(row) for row in sample]


def _size(count: int) -> str:
    """Bytes, in the unit that tells them in three digits."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < _KILO:
            return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
        value /= _KILO
    return f"{value:,.1f} TB"


def _span(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds))) if seconds >= 60 else f"{seconds:.1f} s"  # noqa: PLR2004


def _share(part: int, whole: int) -> str:
    """A percentage that is 0 or 100 only where it is exactly so."""
    if part in (0, whole):
        return "0 %" if part == 0 else "100 %"
    share = 100 * part / whole
    if share < _LEAST:
        return f"< {_LEAST} %"
    return f"> {100 - _LEAST} %" if share > 100 - _LEAST else f"{share:.2f} %"


def _bound(value: int | str | None) -> str:
    if value is None:
        return ""
    return f"{value:,}" if type(value) is int else str(value)


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
    environment.filters |= {
        "number": lambda count: "" if count is None else f"{count:,}",
        "rows": _rows,
        "size": _size,
        "span": _span,
        "share": _share,
        "bound": _bound,
        "span_of": charts.told,
        "strip": _strip,
        "courses": _courses,
    }
    style = Markup(here.joinpath("page.css").read_text("utf-8"))  # noqa: S704 (a file of ours)
    environment.globals |= {"line": charts.line, "bar": charts.bar, "spread": charts.spread, "style": style}
    return environment.from_string(here.joinpath("page.html").read_text("utf-8"))
