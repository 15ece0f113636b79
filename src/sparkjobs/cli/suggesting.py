"""The verb that proposes checks: suggest."""

import click

from sparkjobs.cli.options import Project, clock, known, project
from sparkjobs.registry import registry_of


@click.command()
@project
@click.argument("job")
def suggest(here: Project, job: str) -> None:
    """Propose checks for the table of JOB, as YAML: what all its rows have in common today."""
    from sparkjobs.session import start  # noqa: PLC0415 (--help does without it)
    from sparkjobs.suggest import suggested  # noqa: PLC0415

    conf = here.conf()
    checks = registry_of(conf).checks
    click.echo(suggested(start, conf, known(conf, job), checks, clock()), nl=False)
