"""The verb that tests jobs on rows given by hand: test."""

import sys
from typing import TYPE_CHECKING

import click

from sparkjobs.cli.options import Project, Selection, clock, project, selection, terms
from sparkjobs.config import Conf
from sparkjobs.errors import UsageError
from sparkjobs.registry import Registry, registry_of

if TYPE_CHECKING:
    from sparkjobs.cases import Placed, Verdict
    from sparkjobs.plan import Request


@click.command()
@project
@terms
@selection
@click.option("-k", "text", default="", metavar="TEXT", help="Only tests in whose name TEXT stands.")
def test(here: Project, asked: Selection, text: str) -> None:
    """Run the tests of jobs that stand in tests/**/test_*.yml: docs/testing.md."""
    conf = here.conf()
    registry = registry_of(conf)
    request = asked.request(conf)
    cases = _chosen(conf, registry, request, text)
    from sparkjobs.cases import judged  # noqa: PLC0415 (mistakes are told without Spark)
    from sparkjobs.session import start_brief  # noqa: PLC0415

    spark = start_brief(conf)
    verdicts = []
    for case in cases:
        verdicts.append(judged(spark, conf, registry, case, clock()))
        click.echo(_line(case, verdicts[-1]))
    failed = sum(one.problem is not None for one in verdicts)
    click.echo(f"{len(verdicts) - failed} passed, {failed} failed")
    if any(one.mistaken for one in verdicts):
        sys.exit(UsageError.exit_code)
    if failed:
        sys.exit(1)


def _chosen(conf: Conf, registry: Registry, request: "Request", text: str) -> "list[Placed]":
    from sparkjobs.cases import PATTERN, cases_of, files_of  # noqa: PLC0415 (--help does without it)
    from sparkjobs.plan import graph_of  # noqa: PLC0415
    from sparkjobs.plan.select import selected  # noqa: PLC0415

    jobs = selected(request, conf, graph_of(conf, registry), registry)
    every = cases_of(files_of(conf.root), conf, registry)
    chosen = [one for one in every if one.job in jobs and text.casefold() in one.body.name.casefold()]
    if not chosen:
        why = f"{len(every)} others are there" if every else "there is no such file with a `job:`"
        raise UsageError(
            f"No test was found in {conf.root}/tests/**/{PATTERN}: {why}.",
            "docs/testing.md shows how one is written.",
        )
    return chosen


def _line(case: "Placed", verdict: "Verdict") -> str:
    """How a test went; what is wrong follows, with its place."""
    told = f"{'FAIL' if verdict.problem else 'pass'}  {case.job}: {case.body.name}  {verdict.seconds:.1f} s"
    return "\n".join((told, *(f"      {line}" for line in (verdict.problem or "").splitlines())))
