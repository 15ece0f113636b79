"""The verbs about what tables know of themselves: state show, adopt, reset, and restore."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sparkjobs.cli.options import Project, known, project, run_id_of
from sparkjobs.errors import SparkjobsError
from sparkjobs.registry import registry_of

if TYPE_CHECKING:
    from sparkjobs.upkeep import Adopted


@click.group()
def state() -> None:
    """Show, adopt or reset what a table knows of itself."""


@state.command()
@project
@click.argument("jobs", nargs=-1)
def show(here: Project, jobs: tuple[str, ...]) -> None:
    """Tell what was published to tables, from which inputs, and what speaks against going on."""
    from sparkjobs.upkeep import shown  # noqa: PLC0415 (--help does without it)

    conf = here.conf()
    for name in jobs or tuple(sorted(conf.jobs)):
        output = conf.jobs[known(conf, name)].output
        try:
            click.echo("\n".join(shown(name, Path(output.path), output.format)))
        except SparkjobsError as error:
            click.echo(f"{name}: {error}")


@state.command()
@project
@click.argument("job")
def adopt(here: Project, job: str) -> None:
    """Say that the rows of JOB's table are right as they are; runs go on from there."""
    from sparkjobs import upkeep  # noqa: PLC0415 (--help does without it)

    conf = here.conf()
    planned = upkeep.job_of(conf, registry_of(conf), known(conf, job))
    _tell(upkeep.adopt(planned, run_id_of(None)))


@state.command()
@project
@click.argument("job")
def reset(here: Project, job: str) -> None:
    """Forget what was published to JOB's table: its next run makes the whole table anew."""
    from sparkjobs import upkeep  # noqa: PLC0415 (--help does without it)

    conf = here.conf()
    output = conf.jobs[known(conf, job)].output
    upkeep.reset(job, Path(output.path), output.format, run_id_of(None))
    click.echo(f"{job}: its next run makes the whole table anew; readers see it as it is until then")


@click.command()
@project
@click.argument("job")
@click.option(
    "--to-version", type=click.IntRange(min=0), required=True, metavar="N", help="The version to return to."
)
def restore(here: Project, job: str, to_version: int) -> None:
    """Take JOB's Delta table back to an older version; what it got since is taken again by the next run."""
    from sparkjobs import upkeep  # noqa: PLC0415 (--help does without it)
    from sparkjobs.session import start  # noqa: PLC0415

    conf = here.conf()
    planned = upkeep.job_of(conf, registry_of(conf), known(conf, job))
    _tell(upkeep.restore(start, conf, planned, to_version, run_id_of(None)))


def _tell(adopted: "Adopted") -> None:
    since = f"manifest {adopted.goes_on_from}" if adopted.goes_on_from else "the inputs as they are now"
    click.echo(f"{adopted.job}: manifest {adopted.number} is in force; runs go on from {since}")
