"""Options that several verbs share, and the project they name."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from sparkjobs.config import Conf, load
from sparkjobs.config.incremental import instant_of
from sparkjobs.errors import UsageError
from sparkjobs.registry import registry_of

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

    more: tuple[str, ...]
    exclude: tuple[str, ...]
    selectors: tuple[str, ...]
    state: str | None
    select: tuple[str, ...] = ()
    full_refresh: bool = False
    start: str | None = None
    end: str | None = None

    def jobs(self, conf: Conf) -> frozenset[str]:
        """The jobs of `conf` that are selected.

        Raises:
            SparkjobsError: as planning does.
        """
        if not (self.select or self.more or self.exclude or self.selectors):
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
        chosen = (*self.select, *self.more, *(f"selector:{name}" for name in self.selectors))
        runs = conf.path("artifacts", "target") / "runs"
        past = earlier(Path(self.state) if self.state else None, runs, conf.project.name, conf.env)
        window = Window(clock(), start, end)
        return Request(chosen, self.exclude, self.full_refresh, window, earlier=past)


@dataclass(frozen=True, slots=True)
class Running:
    """How a plan is to be run."""

    fail_fast: bool
    threads: int
    lock_wait_s: float
    run_id: str | None


def options(*given: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, in the order they are to be listed."""

    def apply(command: Command) -> Command:
        for option in reversed(given):
            command = option(command)
        return command

    return apply


def gathered(name: str, kind: type, *given: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """The same; the command gets what they hold as one `kind` of value, called `name`."""

    def apply(command: Command) -> Command:
        @wraps(command)
        def one_value(**held: Any) -> Any:  # noqa: ANN401 (whatever options hold)
            own = {one.name: held.pop(one.name) for one in fields(kind) if one.name in held}
            return command(**held, **{name: kind(**own)})

        return options(*given)(cast("Command", one_value))

    return apply


project = gathered(
    "here",
    Project,
    click.option(
        "--project",
        "root",
        type=click.Path(path_type=Path, resolve_path=True),
        default=".",
        metavar="DIR",
        help="The folder that holds conf/ and jobs/.",
    ),
    click.option(
        "--env", "--target", default=None, metavar="NAME", help="Lay conf/env/NAME.yml over the conf."
    ),
    click.option(
        "--set", "sets", multiple=True, metavar="A.B=C", help="Set one key of the conf; may be repeated."
    ),
)
terms = click.argument("select", nargs=-1)
selection = gathered(
    "asked",
    Selection,
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
running = gathered(
    "how",
    Running,
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
