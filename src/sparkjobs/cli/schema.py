"""The verb that tells editors what conf files may hold: schema."""

from pathlib import Path

import click

from sparkjobs.cli.options import Project, project
from sparkjobs.errors import UsageError
from sparkjobs.registry import registry_of


@click.command()
@project
@click.argument("kind", required=False)
@click.option("--write", "folder", metavar="DIR", help="Write all of them into DIR, as KIND.json.")
def schema(here: Project, kind: str | None, folder: str | None) -> None:
    """Print the JSON Schema of a KIND of conf file: sparkjobs, sources, job, selectors or env.

    In a project they know its own checks too.
    """
    from sparkjobs.registry import collect  # noqa: PLC0415 (--help does without it)
    from sparkjobs.schemas import schemas  # noqa: PLC0415

    there = (here.root / "conf" / "sparkjobs.yml").is_file()
    texts = schemas((registry_of(here.conf()) if there else collect((), here.root)).checks)
    if folder is None and kind not in texts:
        raise UsageError(
            f"{kind!r} is no kind of conf file; there is {', '.join(texts)}."
            if kind
            else "Which schema is to be printed?",
            "`sparkjobs schema job` prints one, `sparkjobs schema --write conf/.schemas` writes all.",
        )
    if folder is None:
        click.echo(texts[str(kind)], nl=False)
        return
    for name, text in texts.items():
        file = Path(folder) / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        click.echo(file)
