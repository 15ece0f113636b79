"""The project of a case with runs: its job alone, over sources and tables in a folder of its own.

What the job reads of other jobs is published by a stand-in, under that job's name, in the real flow.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pyspark.sql import DataFrame

from sparkjobs.cases.find import Placed
from sparkjobs.config import Conf, JobConf, Output, PlainOutput, Source
from sparkjobs.config.incremental import ByFiles
from sparkjobs.config.models import Input
from sparkjobs.config.sources import ParquetSource
from sparkjobs.plan.graph import function_name
from sparkjobs.registry import Registry, job
from sparkjobs.registry.jobs import MARK, JobFunction


@job
def _given(rows: DataFrame) -> DataFrame:
    """What another job would have published."""
    return rows


def staged(conf: Conf, case: Placed, folder: Path) -> Conf:
    """The conf of `case` in `folder`. How many rows are bad says nothing of so few: any share may be."""
    body = conf.jobs[case.job]
    kept = tuple(one for one in body.checks if not {one.kind, one.name} & set(case.body.without_checks))
    output = body.output.model_copy(update={"path": str(folder / "warehouse" / case.job)})
    jobs = {case.job: body.model_copy(update={"checks": kept, "output": output, "profile": False})}
    sources = {}
    for name, one in body.inputs.items():
        source = one.source or given_of(str(one.ref))
        landing = folder / "landing" / source
        if one.ref is None:
            sources[source] = _moved(conf.sources[source], landing)
        else:
            by = body.incremental
            adds = by is not None and by.by == "version" and not one.lookup
            rows = ParquetSource(format="parquet", path="given" if adds else "given.parquet")
            sources[source] = _moved(rows, landing)
            columns = {column for given, table in case.inputs() if given == name for column in table.names}
            jobs[one.ref] = _stand_in(one.ref, conf.jobs[one.ref].output, columns, folder, adds=adds)
    paths = {name: str(folder / name) for name in ("landing", "warehouse")}
    project = conf.project.model_copy(update={"paths": {**paths, "artifacts": str(folder / "target")}})
    return replace(conf, project=project, sources=sources, jobs=jobs)


def given_of(ref: str) -> str:
    """The source behind the stand-in of a job."""
    return f"given_of_{ref}"


def cast_of(conf: Conf, registry: Registry) -> Registry:
    """The functions that the jobs of a staged conf need."""
    given = {"_given": getattr(_given, MARK)}
    known: Mapping[str, JobFunction] = {**registry.jobs, **given}
    names = {function_name(name, body) for name, body in conf.jobs.items()}
    return Registry({name: known[name] for name in names}, registry.checks)


def _moved(source: Source, folder: Path) -> Source:
    """`source` as it is read from `folder`: one file where it was one, or all that arrive."""
    path = Path(source.path)
    many = set("*?[") & set(source.path) or not path.suffix
    name = "" if source.format == "delta" else f"{'*' if many else 'given'}.{source.format}"
    few = source.bad_rows.model_copy(update={"max_share": 1.0})
    return source.model_copy(update={"path": str(folder / name), "bad_rows": few})


def _stand_in(ref: str, output: Output, columns: set[str], folder: Path, *, adds: bool) -> JobConf:
    """What publishes the rows that are given of job `ref`: each time all of them, or further ones."""
    return JobConf(
        function="_given",
        inputs={"rows": Input(source=given_of(ref))},
        output=PlainOutput(
            format=output.format,
            path=str(folder / "warehouse" / ref),
            mode="append" if adds else "overwrite",
            partition_by=tuple(name for name in output.partition_by if name in columns),
        ),
        incremental=ByFiles(by="files") if adds else None,
    )
