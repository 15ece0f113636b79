"""Small projects on disk: a dict of relative paths and texts becomes a folder."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path

import pyarrow as pa
from deltalake import CommitProperties, Transaction, write_deltalake

from sparkjobs.config import Conf, load
from sparkjobs.errors import ConfigError
from sparkjobs.plan import JobPlan, PlannedInput, Request, RunPlan, TableInput, build
from sparkjobs.registry import Registry, collect
from sparkjobs.state import Manifest, begin, claim, look, state_folder
from sparkjobs.state.durable import write_json

_numbers = count(1)

MAIN = "name: demo\njobs: [PACKAGE]\npaths: {landing: landing, warehouse: warehouse}\n"
SOURCES = "sales:\n  format: csv\n  path: ${landing}/sales/*.csv\n  columns: {id: int, amount: double}\n"
DAILY = (
    "inputs: {sales: {source: sales}}\n"
    "params: {least: 1}\n"
    "output: {format: parquet, path: '${warehouse}/daily'}\n"
)
CODE = "from sparkjobs import job\n\n\n@job\ndef daily(sales, *, least):\n    return sales\n"


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """`root` with `files` in it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def project(root: Path, files: Mapping[str, str | bytes] | None = None, code: str = CODE) -> Path:
    """A sound project of one job that reads one CSV file, with `files` written over it.

    Its package of jobs has a name that no other project of this process has: they share sys.modules.
    """
    package = f"jobs_{next(_numbers)}"
    written = {
        "conf/sparkjobs.yml": MAIN,
        "conf/sources.yml": SOURCES,
        "conf/jobs/daily.yml": DAILY,
        "landing/sales/a.csv": "id,amount\n1,2.5\n",
        f"{package}/__init__.py": code,
        **(files or {}),
    }
    main = written["conf/sparkjobs.yml"]
    if isinstance(main, str):
        written["conf/sparkjobs.yml"] = main.replace("PACKAGE", package)
    return write(root, written)


def conf_of(
    root: Path,
    env: str | None = None,
    sets: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Conf:
    """What `load` makes of the project in `root`."""
    return load(root, env, sets, environment or {})


def mistakes_of(
    root: Path,
    env: str | None = None,
    sets: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """The mistakes that `load` finds; none when it finds none."""
    try:
        conf_of(root, env, sets, environment)
    except ConfigError as error:
        return error.mistakes
    return ()


def registry_of(conf: Conf) -> Registry:
    """The jobs and checks of the project."""
    return collect(conf.project.jobs, conf.root, conf.models.values())


def plan_of(
    root: Path,
    *select: str,
    exclude: tuple[str, ...] = (),
    full_refresh: bool = False,
    env: str | None = None,
) -> RunPlan:
    """The plan for the project in `root`."""
    conf = conf_of(root, env)
    return build(conf, registry_of(conf), Request(select, exclude, full_refresh))


def publish_as_a_run_would(job: JobPlan) -> None:
    """Leave what a run of `job` would have left of its table: the state, and a file."""
    claim(job.name, job.table, "parquet")
    inputs = tuple(_resolved(one).pinned() for one in job.inputs)
    wanted = Manifest(job.name, 0, job.committed, "run", job.code, job.fingerprint, inputs, job.mode)
    number = begin(state_folder(job.table), wanted).number
    write(job.table, {f"part-{number}.parquet": "x"})
    write_json(state_folder(job.table) / "committed.json", {"commit": {"number": number}})


def _resolved(one: PlannedInput) -> PlannedInput:
    if not isinstance(one, TableInput):
        return one
    return replace(one, version=1, identity=look(one.job, one.path, one.format).identity)


def delta_commit(table: Path, job: str, number: int) -> None:
    """One commit of one row to a Delta table, as a run of `job` with manifest `number` makes it."""
    properties = CommitProperties(
        app_transactions=[Transaction(f"sparkjobs/{job}", number)],
        custom_metadata={"userMetadata": json.dumps({"job": job, "manifest": number})},
    )
    write_deltalake(table, pa.table({"i": [number]}), mode="append", commit_properties=properties)


def published(root: Path, files: Mapping[str, str | bytes] | None = None, code: str = CODE) -> Path:
    """A project of which every job has just been run."""
    for job in plan_of(project(root, files, code)).jobs:
        publish_as_a_run_would(job)
    return root
