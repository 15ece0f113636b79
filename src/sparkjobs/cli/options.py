"""Options that several verbs share, and the project they name."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sparkjobs.config import Conf, load
from sparkjobs.config.incremental import instant_of
from sparkjobs.errors import UsageError
from sparkjobs.registry import Registry, collect

if TYPE_CHECKING:
    from sparkjobs.plan import Request

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Project:
    """Which project, with which overlay."""

    root: Path
    env: str | None
    sets: tuple[str, ...]

    def conf(self) -> Conf:
        """Its configuration."""
        return load(self.root, self.env, self.sets, os.environ)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which jobs the options ask for, and what `run` and `plan` do with them."""

    select: tuple[str, ...]
    exclude: tuple[str, ...]
    selectors: tuple[str, ...]
    state: str | None
    full_refresh: bool = False
    start: str | None = None
    end: str | None = None

    def jobs(self, conf: Conf) -> frozenset[str]:
        """The jobs of `conf` that are selected.

        Raises:
            SparkjobsError: as planning does.
        """
        if not (self.select or self.exclude or self.selectors):
            return frozenset(conf.jobs)
        from sparkjobs.plan import graph_of, selected  # noqa: PLC0415 (`list` alone does without it)

        registry = registry_of(conf)
        return selected(self.request(conf), conf, graph_of(conf, registry), registry)

    def request(self, conf: Conf) -> "Request":
        """The same, as planning takes it.

        Raises:
            UsageError: an instant is none, the range is empty, or it is given with --full-refresh.
        """
        from sparkjobs.plan import Request, Window  # noqa: PLC0415 (--help does without planning)
        from sparkjobs.record import earlier  # noqa: PLC0415

        start, end = _instant("--start", self.start), _instant("--end", self.end)
        if start and end and start >= end:
            raise UsageError(
                f"--start {self.start} is not before --end {self.end}.", "The end is not included."
            )
        if self.full_refresh and (start or end):
            raise UsageError(
                "--full-refresh replaces whole tables; --start and --end take a range of them again.",
                "Give one or the other.",
            )
        chosen = (*self.select, *(f"selector:{name}" for name in self.selectors))
        runs = conf.path("artifacts", "target") / "runs"
        past = earlier(Path(self.state) if self.state else None, runs, conf.project.name, conf.env)
        window = Window(clock(), start, end)
        return Request(chosen, self.exclude, self.full_refresh, window, earlier=past)


def options(*given: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, in the order they are to be listed."""

    def apply(command: Command) -> Command:
        for option in reversed(given):
            command = option(command)
        return command

    return apply


project = options(
    click.option(
        "--project", "root", default=".", metavar="DIR", help="The folder that holds conf/ and jobs/."
    ),
    click.option(
        "--env", "--target", default=None, metavar="NAME", help="Lay conf/env/NAME.yml over the conf."
    ),
    click.option(
        "--set", "sets", multiple=True, metavar="A.B=C", help="Set one key of the conf; may be repeated."
    ),
)
terms = click.argument("select", nargs=-1)
selection = options(
    click.option("--select", "-s", "more", multiple=True, metavar="SELECT", help="Take these jobs."),
    click.option("--exclude", multiple=True, metavar="SELECT", help="Leave these jobs out."),
    click.option(
        "--selector",
        "selectors",
        multiple=True,
        metavar="NAME",
        help="Take the jobs of a selector in conf/selectors.yml.",
    ),
    click.option(
        "--state",
        metavar="PATH",
        help="The run (its folder) or plan (a file) that state: and result: look at.",
    ),
)
planning = options(
    click.option(
        "--full-refresh", is_flag=True, help="Replace whole tables, whether anything changed or not."
    ),
    click.option(
        "--start", metavar="TIME", help="Take the intervals from TIME (UTC) on again, published or not."
    ),
    click.option("--end", metavar="TIME", help="Take none that starts at TIME (UTC) or later."),
)
running = options(
    click.option("--fail-fast", is_flag=True, help="Start no further job after a failure."),
    click.option(
        "--threads",
        type=click.IntRange(min=1),
        default=1,
        metavar="N",
        help="Run up to N jobs at a time that do not read each other; default 1.",
    ),
    click.option(
        "--lock-timeout",
        "lock_wait_s",
        type=click.FloatRange(min=0),
        default=0,
        metavar="SECONDS",
        help="Wait so long for a table that another run is writing; default: not at all.",
    ),
    click.option(
        "--run-id", default=None, metavar="ID", help="Name the run; default: its time and four letters."
    ),
)


def project_of(root: str, env: str | None, sets: tuple[str, ...]) -> Project:
    """The project that the options name."""
    return Project(Path(root).resolve(), env, sets)


def registry_of(conf: Conf) -> Registry:
    """The jobs and checks of a project."""
    return collect(conf.project.jobs, conf.root, conf.models.values())


def known(conf: Conf, job: str) -> str:
    """`job`, where the project has it.

    Raises:
        UsageError: it has not.
    """
    if job not in conf.jobs:
        raise UsageError(f"There is no job {job!r}.", "`sparkjobs list` tells which there are.")
    return job


def clock() -> datetime:
    """Now; the one place that reads it."""
    return datetime.now(UTC)  # noqa: TID251 (here the clock is read)


def run_id_of(given: str | None) -> str:
    """The name of this run.

    Raises:
        UsageError: it could not be the name of a folder.
    """
    name = given or f"{clock():%Y%m%dT%H%M%S}-{token_hex(2)}"
    if not re.fullmatch(r"[A-Za-z0-9][-A-Za-z0-9_:.]{0,99}", name):
        raise UsageError(
            f"--run-id {name!r} may hold letters, digits and - _ : . (100 at most, none of - _ : . first)",
            "For example: --run-id 2026-01-31",
        )
    return name


def _instant(option: str, text: str | None) -> datetime | None:
    try:
        return None if text is None else instant_of(text)
    except ValueError:
        raise UsageError(
            f"{option} {text!r} is not a date or time.", f"For example: {option} 2013-01-31"
        ) from None
