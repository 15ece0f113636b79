"""The verb that puts the small files of tables together: optimize."""

from typing import TYPE_CHECKING

import click

from sparkjobs.cli.options import Project, Selection, project, run_id_of, selection, terms
from sparkjobs.registry import registry_of

if TYPE_CHECKING:
    from sparkjobs.optimize import Optimized


@click.command()
@project
@terms
@selection
def optimize(here: Project, asked: Selection) -> None:
    """Put the small files of tables together now, whatever `optimize:` says. Their rows stay as they are."""
    from sparkjobs.optimize import optimized  # noqa: PLC0415 (--help does without it)
    from sparkjobs.session import start  # noqa: PLC0415
    from sparkjobs.terminal import optimized_table  # noqa: PLC0415

    conf = here.conf()
    request = asked.request(conf)
    done: list[Optimized] = []
    try:
        done.extend(optimized(start, conf, registry_of(conf), request, run_id_of(None)))
    finally:
        if done:
            click.echo(optimized_table(done), nl=False)
