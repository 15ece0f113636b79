"""The page: one HTML file that loads nothing, and runs nothing but the script that is written into it."""

import base64
import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape

from sparkjobs.docs import graph
from sparkjobs.docs.code import marked
from sparkjobs.docs.model import STATUSES, Entry, Site
from sparkjobs.errors import UsageError
from sparkjobs.lineage import Node
from sparkjobs.lineage.drawing import anchor
from sparkjobs.report import charts, words
from sparkjobs.results import PastRun

_FEW: Final = 2
"""Runs that are no course yet."""


def page(site: Site) -> str:
    """The page of `site`; the same site gives the same text."""
    entries = {one.node: one for one in site.entries}
    jobs, sources, views = (_of_kind(site, kind) for kind in ("job", "source", "view"))
    text = _template().render(
        site=site,
        entries=entries,
        jobs=jobs,
        sources=sources,
        views=views,
        known={(entry.node, column.name) for entry in site.entries for column in entry.columns},
        tags=_tags(site),
        statuses=_statuses(jobs),
        columns=[column for entry in site.entries for column in entry.columns],
        checks=Counter(check.status or "not asked yet" for job in jobs for check in job.checks),
        last=max((job.runs[-1] for job in jobs if job.runs), key=lambda run: run.started, default=None),
    )
    return text.lstrip()


def written(path: Path, text: str) -> Path:
    """`path`, which holds `text` now; readers see the old file or the new one.

    Raises:
        UsageError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"{path}: {error.strerror}", "`--out FILE` writes the page elsewhere.") from error
    return path


def column_anchor(node: Node, column: str) -> str:
    """The id of a column's row: one word that no other row has, whatever the column is called."""
    return f"{anchor(node)}.{quote(column, safe='')}"


def _of_kind(site: Site, kind: str) -> list[Entry]:
    return sorted((one for one in site.entries if one.node.kind == kind), key=lambda one: one.node.name)


def _tags(site: Site) -> list[tuple[str, list[Entry]]]:
    names = sorted({tag for entry in site.entries for tag in entry.tags})
    return [(name, [entry for entry in site.entries if name in entry.tags]) for name in names]


def _statuses(jobs: Sequence[Entry]) -> list[tuple[str, int]]:
    counts = Counter(job.status for job in jobs)
    return [(status, counts[status]) for status in STATUSES if counts[status]]


def _strip(runs: Sequence[PastRun]) -> Markup:
    return charts.strip([(run.status, f"{run.started:%Y-%m-%d %H:%M}: {run.status}") for run in runs])


def _courses(runs: Sequence[PastRun]) -> list[tuple[str, list[float]]]:
    """The figures of the runs that published, where there are enough of them."""
    done = [run for run in runs if run.published is not None]
    if len(done) < _FEW:
        return []
    return [
        ("rows published", [float(run.published or 0) for run in done]),
        ("seconds", [run.seconds for run in done]),
    ]


def _sentence(paragraphs: Sequence[str]) -> str:
    """The first sentence of a description."""
    first = paragraphs[0] if paragraphs else ""
    head, dot, _ = first.partition(". ")
    return head + dot.strip()


def _prose(text: str) -> Markup:
    """A text with what stands between backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    pattern = (Markup("{}"), Markup("<code>{}</code>"))
    return Markup("").join(pattern[place % 2].format(part) for place, part in enumerate(parts))


def _summed(checks: Sequence[Any]) -> Mapping[str, int]:
    return Counter(check.status for check in checks if check.status)


def _allowed(text: str) -> str:
    """How a policy names this very text, and no other, as one that may run or apply."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _template() -> Template:
    here = files("sparkjobs.docs")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style, script = (here.joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    environment.filters |= {
        **{one.__name__: one for one in (words.number, words.span, charts.now_and_range)},
        "anchor": anchor,
        "css": graph.css,
        "icon": graph.icon_of,
        "marked": marked,
        "strip": _strip,
        "courses": _courses,
        "sentence": _sentence,
        "summed": _summed,
        "prose": _prose,
    }
    environment.globals |= {
        "line": charts.line,
        "whole": graph.whole,
        "around": graph.around,
        "place": column_anchor,
        "style": Markup(style),  # noqa: S704 (a file of ours)
        "script": Markup(script),  # noqa: S704 (a file of ours)
        "policy": f"default-src 'none'; style-src {_allowed(style)}; script-src {_allowed(script)}; "
        "base-uri 'none'; form-action 'none'",
    }
    return environment.from_string(here.joinpath("page.html").read_text("utf-8"))
