"""A retry does what the run was to do, with what that run read, and nothing else without a word."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from sparkjobs.errors import InputError
from sparkjobs.plan import JobPlan, Request, RunPlan, SourceInput, Window, Within, build
from sparkjobs.record import write_plan, write_results
from sparkjobs.record.retry import unfinished
from sparkjobs.results import JobResult, RunResult
from sparkjobs.state import state_folder
from sparkjobs.state.durable import write_json
from tests.unit.projects import conf_of, project, publish_as_a_run_would, registry_of, write

BY_DAY = (
    "inputs: {sales: {source: sales}}\nparams: {least: 1}\n"
    "output: {format: parquet, path: '${warehouse}/daily', mode: overwrite_partitions, partition_by: [day]}\n"
    "incremental: {by: interval, column: at, every: day, start: 2013-01-01}\n"
)
SALES = "sales:\n  format: csv\n  path: ${landing}/sales/*.csv\n  columns: {id: int, at: {type: timestamp, not_null: true}}\n"
BY_FILES = (
    "inputs: {sales: {source: sales}}\nparams: {least: 1}\n"
    "output: {format: parquet, path: '${warehouse}/daily', mode: append}\n"
    "incremental: {by: files, on_change: full_refresh}\n"
)
WHOLE = "function: daily\n" + BY_FILES[: BY_FILES.index("output")]
OTHER = WHOLE + "output: {format: parquet, path: '${warehouse}/other'}\n"
FREE = "it cannot be done as in the run that is retried: it takes what is there now"
A, B, C = (f"landing/sales/{name}.csv" for name in "abc")


def day(number: int) -> datetime:
    return datetime(2013, 1, number, tzinfo=UTC)


def planned(root: Path, request: Request) -> Mapping[str, JobPlan]:
    return {job.name: job for job in _built(root, request).jobs}


def failed(root: Path, request: Request) -> None:
    """The record of a run of which every job failed."""
    plan = _built(root, request)
    write_plan(root / "failed", plan)
    jobs = tuple(JobResult(job.name, "error", "", "", "", 0.0, "t") for job in plan.jobs)
    write_results(root / "failed", plan, RunResult("failed", "", 1.0, jobs))


def retried(root: Path, now: datetime, run: str = "failed") -> Mapping[str, JobPlan]:
    return planned(root, unfinished(root / run, None, now))


def files(job: JobPlan) -> list[str]:
    return [file.path for one in job.inputs if isinstance(one, SourceInput) for file in one.files]


def intervals(job: JobPlan) -> list[str]:
    part = job.inputs[0].part
    assert isinstance(part, Within)
    return list(map(str, part.intervals))


def by_day(root: Path) -> Path:
    first = "id,at\n1,2013-01-01T05:00:00\n"
    return project(root, {"conf/jobs/daily.yml": BY_DAY, "conf/sources.yml": SALES, A: first})


def by_files(root: Path) -> Path:
    """`daily` has published a.csv; b.csv has arrived."""
    project(root, {"conf/jobs/daily.yml": BY_FILES})
    publish_as_a_run_would(planned(root, Request())["daily"])
    return write(root, {B: "id,amount\n2,1\n"})


def test_it_takes_the_intervals_of_the_run_and_leaves_later_ones_to_the_next(tmp_path: Path) -> None:
    failed(by_day(tmp_path), Request(window=Window(day(2))))
    write(tmp_path, {B: "id,at\n2,2013-01-02T05:00:00\n"})

    retry = retried(tmp_path, day(4))["daily"]
    publish_as_a_run_would(retry)
    after = planned(tmp_path, Request(window=Window(day(4))))["daily"]

    assert (intervals(retry), files(retry)) == (["2013-01-01 to 2013-01-02"], [A])
    assert (intervals(after), files(after)) == (["2013-01-02 to 2013-01-04"], [A, B])


def test_a_retry_that_fails_is_retried_with_the_same_intervals(tmp_path: Path) -> None:
    failed(by_day(tmp_path), Request(window=Window(day(2))))
    write(tmp_path, {B: "id,at\n2,2013-01-02T05:00:00\n"})
    failed(tmp_path, unfinished(tmp_path / "failed", None, day(4)))

    retry = retried(tmp_path, day(5))["daily"]

    assert (intervals(retry), files(retry)) == (["2013-01-01 to 2013-01-02"], [A])


def test_a_backfill_that_failed_is_a_backfill_again(tmp_path: Path) -> None:
    publish_as_a_run_would(planned(by_day(tmp_path), Request(window=Window(day(4))))["daily"])
    failed(tmp_path, Request(window=Window(day(4), day(1), day(2))))

    assert retried(tmp_path, day(5))["daily"].reasons == ("backfill of 2013-01-01 to 2013-01-02",)


def test_a_backfill_is_not_forgotten_because_others_have_published_since(tmp_path: Path) -> None:
    publish_as_a_run_would(planned(by_day(tmp_path), Request(window=Window(day(4))))["daily"])
    failed(tmp_path, Request(window=Window(day(4), day(1), day(2))))
    publish_as_a_run_would(planned(tmp_path, Request(window=Window(day(5))))["daily"])

    retry = retried(tmp_path, day(6))["daily"]

    assert (retry.reasons, retry.warnings) == (("backfill of 2013-01-01 to 2013-01-02",), (FREE,))


def test_an_increment_is_retried_with_its_files_alone(tmp_path: Path) -> None:
    failed(by_files(tmp_path), Request())
    write(tmp_path, {C: "id,amount\n3,1\n"})

    retry = retried(tmp_path, day(1))["daily"]

    assert (retry.mode, files(retry), retry.warnings) == ("append", [B], ())


def test_a_file_of_the_run_that_was_changed_since_is_told(tmp_path: Path) -> None:
    failed(by_files(tmp_path), Request())
    os.utime(tmp_path / B, ns=(1, 1))

    with pytest.raises(InputError, match=r"sales/b\.csv: it is not as the run read it"):
        retried(tmp_path, day(1))


def test_the_files_of_an_increment_do_not_replace_a_table_whose_job_was_mended(tmp_path: Path) -> None:
    failed(by_files(tmp_path), Request())
    write(tmp_path, {"conf/jobs/daily.yml": BY_FILES.replace("least: 1", "least: 2")})

    retry = retried(tmp_path, day(1))["daily"]

    assert (retry.mode, retry.reasons, files(retry)) == ("overwrite", ("conf changed",), [A, B])
    assert retry.warnings == (FREE,)


def test_the_files_of_an_increment_do_not_replace_a_table_that_was_reset(tmp_path: Path) -> None:
    failed(by_files(tmp_path), Request())
    write_json(state_folder(tmp_path / "warehouse/daily") / "reset.json", {"number": 1})

    retry = retried(tmp_path, day(1))["daily"]

    assert (retry.mode, retry.reasons, files(retry)) == ("overwrite", ("its state was reset",), [A, B])
    assert retry.warnings == (FREE,)


def test_each_job_is_retried_with_its_own_files(tmp_path: Path) -> None:
    failed(write(by_files(tmp_path), {"conf/jobs/other.yml": OTHER}), Request())

    retry = retried(tmp_path, day(1))

    assert {name: files(job) for name, job in retry.items()} == {"daily": [B], "other": [A, B]}


def test_a_full_refresh_that_failed_is_one_again_with_its_files(tmp_path: Path) -> None:
    failed(by_files(tmp_path), Request(full_refresh=True))
    write(tmp_path, {C: "id,amount\n3,1\n"})

    retry = retried(tmp_path, day(1))["daily"]

    assert (retry.mode, retry.reasons, files(retry)) == ("overwrite", ("full refresh",), [A, B])


def test_of_a_killed_run_only_what_it_has_not_published_is_asked_for(tmp_path: Path) -> None:
    write(by_files(tmp_path), {"conf/jobs/other.yml": OTHER})
    write_plan(tmp_path / "run", _built(tmp_path, Request()))
    publish_as_a_run_would(planned(tmp_path, Request())["daily"])
    write(tmp_path, {C: "id,amount\n3,1\n"})

    retry = retried(tmp_path, day(1), "run")

    assert {name: files(job) for name, job in retry.items()} == {"other": [A, B]}


def test_what_another_run_has_published_since_is_up_to_date(tmp_path: Path) -> None:
    failed(by_files(tmp_path), Request())
    publish_as_a_run_would(planned(tmp_path, Request())["daily"])

    retry = retried(tmp_path, day(1))["daily"]

    assert (retry.reasons, retry.warnings) == ((), ())


@pytest.mark.parametrize(("published_since", "version"), [(False, 0), (True, 1)])
def test_jobs_that_read_one_table_read_one_version_of_it(
    tmp_path: Path, *, published_since: bool, version: int
) -> None:
    source = "sales:\n  format: delta\n  path: ${landing}/table\n"
    daily = OTHER.replace("/other", "/daily").removeprefix("function: daily\n")
    project(
        tmp_path, {"conf/sources.yml": source, "conf/jobs/daily.yml": daily, "conf/jobs/other.yml": OTHER}
    )
    write_deltalake(tmp_path / "landing/table", pa.table({"id": [1]}))
    failed(tmp_path, Request())
    if published_since:
        publish_as_a_run_would(planned(tmp_path, Request())["daily"])
    write_deltalake(tmp_path / "landing/table", pa.table({"id": [2]}), mode="append")

    retry = retried(tmp_path, day(1))

    assert [job.inputs[0].version for job in retry.values()] == [version, version]


def _built(root: Path, request: Request) -> RunPlan:
    conf = conf_of(root)
    return build(conf, registry_of(conf), request)
