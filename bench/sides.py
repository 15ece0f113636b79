"""Who can do a case, and how each is started."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.cases import in_sql
from bench.submit import BIN, MEMORY, environment, sets, submitted

PROJECT = Path(__file__).parent / "cases"


@dataclass(frozen=True, slots=True)
class Work:
    """What one side is to do: a case, from the files in `data`, to tables in the folder `out`."""

    case: str
    data: Path
    out: Path
    delta: bool = False
    select: str = ""
    """What sparkjobs is to run; else the job of that name."""
    memory: str = MEMORY


@dataclass(frozen=True, slots=True)
class Start:
    """A command, and its environment."""

    command: list[str]
    environment: Mapping[str, str] = field(default_factory=environment)


@dataclass(frozen=True, slots=True)
class Side:
    """Somebody who does cases."""

    title: str
    start: Callable[[Work], Start]
    cases: tuple[str, ...] = ()
    """Those of a peer; by hand and sparkjobs do all."""
    before: bool = False
    """Whether it has run once before: what it keeps from run to run is there."""


def _script(name: str) -> Callable[[Work], Start]:
    def start(work: Work) -> Start:
        words = f"bench/cases/{name}.py", work.case, str(work.data), str(work.out)
        return Start(submitted(*words, delta=work.delta, memory=work.memory))

    return start


def _sparkjobs(work: Work) -> Start:
    options = "--project", str(PROJECT), *sets(work.data, work.out)
    select = work.select or work.case
    return Start(submitted("main.py", "run", select, *options, memory=work.memory))


def _module(name: str) -> Callable[[Work], Start]:
    return lambda work: Start(
        [sys.executable, "-m", f"bench.cases.{name}", work.case, str(work.data), str(work.out)]
    )


def _dbt(work: Work) -> Start:
    project = in_sql.dbt_project(work.case, work.data, work.out)
    folders = "--project-dir", str(project), "--profiles-dir", str(project)
    own = {"SPARK_CONF_DIR": str(in_sql.conf(work.out, work.memory)), "DO_NOT_TRACK": "1"}
    dbt = BIN.parent / "dbt" / "bin"
    own |= {"PYSPARK_PYTHON": str(dbt / "python"), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    return Start([str(dbt / "dbt"), "run", *folders], environment() | own)


def _pipelines(work: Work) -> Start:
    spec = in_sql.pipeline(work.case, work.data, work.out)
    # It refuses a master in its conf, and asks for one as an option.
    own = {"SPARK_CONF_DIR": str(in_sql.conf(work.out, work.memory, "spark.master"))}
    command = [str(BIN / "spark-pipelines"), "run", "--spec", str(spec), "--remote", "local[2]"]
    return Start(command, environment() | own)


KEEPING = ("ingest", "contract", "flights", "pipeline")
SIDES = {
    "by_hand": Side("by hand", _script("by_hand")),
    "sparkjobs": Side("sparkjobs", _sparkjobs),
    "keeping": Side("by hand, no line lost", _script("keeping"), KEEPING),
    "duckdb": Side("DuckDB", _module("in_duckdb"), ("ingest", "aggregate")),
    "polars": Side("Polars", _module("in_polars"), ("ingest", "aggregate")),
    "dbt": Side("dbt-spark", _dbt, ("tiny", "aggregate"), before=True),
    "pipelines": Side("spark-pipelines", _pipelines, ("tiny", "aggregate")),
}
PEERS = tuple(name for name, side in SIDES.items() if side.cases)
