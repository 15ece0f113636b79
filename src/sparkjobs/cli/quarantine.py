"""The verbs about rejected rows: quarantine list, show, replay, discard."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sparkjobs.cli.options import Project, Running, clock, known, project, run_id_of, running
from sparkjobs.cli.running import run_planned
from sparkjobs.config import Conf
from sparkjobs.errors import UsageError
from sparkjobs.registry import registry_of

if TYPE_CHECKING:
    from sparkjobs.state.quarantine import Kept

_HEAD = ("job", "input", "manifest", "rows", "run", "reasons")


@click.group()
def quarantine() -> None:
    """List, show, replay or discard the rows that contracts have rejected."""


@quarantine.command(name="list")
@project
@click.argument("jobs", nargs=-1)
def list_(here: Project, jobs: tuple[str, ...]) -> None:
    """Tell how many rows wait, of which inputs, rejected by which run and why."""
    from sparkjobs.terminal import table_of  # noqa: PLC0415 (--help does without it)

    conf = here.conf()
    names = [known(conf, job) for job in jobs] or sorted(conf.jobs)
    told = [line for job in names for line in _told(job, _waiting(conf, job))]
    click.echo(
        table_of(_HEAD, told, right=("manifest", "rows")) if told else "no row waits in quarantine\n",
        nl=False,
    )


@quarantine.command()
@project
@click.argument("job")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, metavar="N", help="At most N rows; default 20."
)
def show(here: Project, job: str, limit: int) -> None:
    """Print rows of JOB that wait, as JSON lines: the raw record, its file, and each reason."""
    from sparkjobs.state.quarantine import unsettled  # noqa: PLC0415 (--help does without it)

    conf = here.conf()
    for _, row in islice(unsettled(_waiting(conf, known(conf, job))), limit):
        click.echo(json.dumps(row, ensure_ascii=False))


@quarantine.command()
@project
@click.argument("job")
@running
def replay(here: Project, job: str, how: Running) -> None:
    """Take the waiting rows of JOB again, under its contract of now; what fails again stays."""
    from sparkjobs.plan import Request, Window, build  # noqa: PLC0415 (--help does without it)

    conf = here.conf()
    planned = build(
        conf, registry_of(conf), Request((known(conf, job),), window=Window(clock()), replay=True)
    )
    run_planned(conf, planned, how)


@quarantine.command()
@project
@click.argument("job")
@click.option("--manifest", type=int, multiple=True, metavar="N", help="Only what manifest N has rejected.")
def discard(here: Project, job: str, manifest: tuple[int, ...]) -> None:
    """Say that nobody wants the waiting rows of JOB. They stay on disk, and are told of no more."""
    from sparkjobs.state import locked, state_folder  # noqa: PLC0415 (--help does without it)
    from sparkjobs.state.quarantine import discard as note  # noqa: PLC0415

    conf = here.conf()
    folder, run_id = state_folder(Path(conf.jobs[known(conf, job)].output.path)), run_id_of(None)
    with locked(job, folder, run_id):
        numbers = sorted({one.number for one in _waiting(conf, job)})
        if strange := sorted(set(manifest) - set(numbers)):
            waits = ", ".join(map(str, numbers)) or "none"
            raise UsageError(f"Of manifest {strange[0]} no row waits.", f"Rows wait of manifests: {waits}.")
        for number in manifest or numbers:
            note(folder, number, run_id)
    gone = ", ".join(map(str, manifest or numbers))
    click.echo(
        f"{job}: the rejected rows of manifests {gone} are discarded" if gone else f"{job}: no row waits"
    )


def _waiting(conf: Conf, job: str) -> "tuple[Kept, ...]":
    from sparkjobs.plan.replay import kept_rows  # noqa: PLC0415 (--help does without it)
    from sparkjobs.state import look  # noqa: PLC0415

    body = conf.jobs[job]
    return kept_rows(body, look(job, Path(body.output.path), body.output.format))


def _told(job: str, kept: "tuple[Kept, ...]") -> Iterator[tuple[str, ...]]:
    """A line for each input of each run, of the rows that still wait."""
    from sparkjobs.state.quarantine import unsettled  # noqa: PLC0415 (--help does without it)

    for one, group in groupby(unsettled(kept), lambda found: found[0]):
        rows = [row for _, row in group]
        reasons = Counter(
            rule for row in rows for rule in dict.fromkeys(reason["rule"] for reason in row["reasons"])
        )
        told = ", ".join(
            f"{rule} x{count:,}" if count > 1 else rule for rule, count in reasons.most_common(3)
        )
        more = ", …" if len(reasons) > 3 else ""  # noqa: PLR2004 (what fits a line)
        yield job, one.input, str(one.number), f"{len(rows):,}", one.run_id, told + more
