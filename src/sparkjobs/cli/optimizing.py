"""The verb that puts the small files of tables together: optimize."""

from typing import TYPE_CHECKING

import click

from sparkjobs.cli.options import Selection, project, project_of, registry_of, run_id_of, selection, terms

if TYPE_CHECKING:
    from sparkjobs.optimize import Optimized


@click.command()
@project
@terms
@selection
def optimize(
    root: str,
    env: str | None,
    sets: tuple[str, ...],
    select: tuple[str, ...],
    more: tuple[str, ...],
    exclude: tuple[str, ...],
    selectors: tuple[str, ...],
    state: str | None,
) -> None:
    """Put the small files of tables together now, whatever `optimize:` says. Their rows stay as they are."""
    from sparkjobs.optimize import optimized  # noqa: PLC0415 (--help does without it)
    from sparkjobs.session import start  # noqa: PLC0415
    from sparkjobs.terminal import optimized_table  # noqa: PLC0415

    conf = project_of(root, env, sets).conf()
    request = Selection((*select, *more), exclude, selectors, state).request(conf)
    done: list[Optimized] = []
    try:
        done.extend(optimized(start, conf, registry_of(conf), request, run_id_of(None)))
    finally:
        if done:
            click.echo(optimized_table(done), nl=False)
