"""The plan: what runs, from which files, and why."""

import dataclasses
import json
import os
import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sparkjobs.config import Mode
from sparkjobs.errors import UsageError
from sparkjobs.plan import RunPlan, SourceInput, TableInput, Window, as_json, as_text
from sparkjobs.plan.parts import Replayed
from tests.unit.projects import (
    CODE,
    DAILY,
    SOURCES,
    delta_commit,
    plan_of,
    project,
    publish_as_a_run_would,
    published,
    write,
)

WEEKLY = "inputs: {days: {ref: daily}}\noutput: {format: parquet, path: '${warehouse}/weekly'}\n"
WEEKLY_CODE = CODE + "\n\n@job\ndef weekly(days):\n    return days\n"
TWO: Mapping[str, str | bytes] = {"conf/jobs/weekly.yml": WEEKLY}
APPEND: Mapping[str, str | bytes] = {"conf/jobs/daily.yml": DAILY.replace("{format", "{mode: append, format")}


def _reasons(plan: RunPlan) -> dict[str, tuple[str, ...]]:
    return {job.name: job.reasons for job in plan.jobs}


def test_the_first_run_of_everything(tmp_path: Path) -> None:
    plan = plan_of(project(tmp_path, TWO, WEEKLY_CODE))

    assert _reasons(plan) == {"daily": ("first run",), "weekly": ("first run",)}
    assert [job.upstream for job in plan.jobs] == [(), ("daily",)]
    assert plan.jobs[1].inputs == (
        TableInput("days", "daily", "parquet", tmp_path / "warehouse/daily", None, cached=False),
    )


def test_planning_writes_nothing(tmp_path: Path) -> None:
    project(tmp_path)

    plan_of(tmp_path)

    assert not (tmp_path / "warehouse").exists()


def test_what_is_up_to_date_does_not_run(tmp_path: Path) -> None:
    plan = plan_of(published(tmp_path, TWO, WEEKLY_CODE))

    assert _reasons(plan) == {"daily": (), "weekly": ()}
    assert not any(job.runs for job in plan.jobs)


def test_new_changed_and_gone_files_are_counted(tmp_path: Path) -> None:
    published(tmp_path, {"landing/sales/b.csv": "id,amount\n", "landing/sales/c.csv": "id,amount\n"})
    write(tmp_path, {"landing/sales/d.csv": "id,amount\n", "landing/sales/e.csv": "id,amount\n"})
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n1,1\n"})
    (tmp_path / "landing/sales/c.csv").unlink()

    assert _reasons(plan_of(tmp_path)) == {"daily": ("sales has other files (2 new, 1 changed, 1 gone)",)}


def test_a_file_of_the_same_size_and_another_time_has_changed(tmp_path: Path) -> None:
    published(tmp_path)
    os.utime(tmp_path / "landing/sales/a.csv", ns=(1, 1))

    assert _reasons(plan_of(tmp_path)) == {"daily": ("sales has other files (1 changed)",)}


def test_changed_code_is_a_reason(tmp_path: Path) -> None:
    published(tmp_path)
    package = next(tmp_path.glob("jobs_*"))
    (package / "__init__.py").write_text(CODE + "\n# changed\n")

    assert _reasons(plan_of(tmp_path)) == {"daily": ("code changed",)}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("conf/jobs/daily.yml", DAILY.replace("least: 1", "least: 2")),
        ("conf/jobs/daily.yml", DAILY + "checks:\n  - not_null: [id]\n"),
        ("conf/sources.yml", SOURCES + "  bad_rows: {max_share: 1}\n"),
    ],
)
def test_changed_conf_of_the_job_or_its_source_is_a_reason(tmp_path: Path, file: str, text: str) -> None:
    published(tmp_path)
    write(tmp_path, {file: text})

    assert _reasons(plan_of(tmp_path)) == {"daily": ("conf changed",)}


def test_conf_that_means_the_same_is_no_reason(tmp_path: Path) -> None:
    published(tmp_path)
    write(tmp_path, {"conf/jobs/daily.yml": "# a comment\n" + DAILY})
    write(tmp_path, {"conf/sources.yml": SOURCES + "other: {format: text, path: landing/x}\n"})

    assert _reasons(plan_of(tmp_path)) == {"daily": ()}


def test_what_is_said_to_people_is_no_reason(tmp_path: Path) -> None:
    check = "checks:\n  - row_count: {min: 0}\n"
    published(tmp_path, {"conf/jobs/daily.yml": DAILY + check})
    told = check.replace("}", ", description: some}") + "description: all\ntags: [daily]\ncache: [sales]\n"
    told += "columns: {amount: {unit: EUR, description: before tax}}\n"
    compacted = DAILY.replace("{format", "{optimize: {after: 2}, format")
    sources = (
        SOURCES.replace("id: int", "id: {type: int, description: a number, unit: items}")
        + "  description: sold\n"
    )
    write(tmp_path, {"conf/jobs/daily.yml": compacted + told, "conf/sources.yml": sources})

    assert _reasons(plan_of(tmp_path)) == {"daily": ()}


def test_a_column_that_is_named_description_counts(tmp_path: Path) -> None:
    sources = SOURCES.replace("id: int", "id: int, description: string") + "  on_missing_columns: 'null'\n"
    published(tmp_path, {"conf/sources.yml": sources})
    write(tmp_path, {"conf/sources.yml": sources.replace("description: string", "description: int")})

    assert _reasons(plan_of(tmp_path)) == {"daily": ("conf changed",)}


def test_a_moved_project_knows_its_tables(tmp_path: Path) -> None:
    published(tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    del sys.modules[next((tmp_path / "there").glob("jobs_*")).name]

    assert _reasons(plan_of(tmp_path / "there")) == {"daily": ()}


def test_a_job_runs_because_what_it_reads_runs(tmp_path: Path) -> None:
    published(tmp_path, TWO, WEEKLY_CODE)
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n"})

    assert _reasons(plan_of(tmp_path))["weekly"] == ("daily runs",)


def test_a_job_runs_because_what_it_reads_was_published_meanwhile(tmp_path: Path) -> None:
    published(tmp_path, TWO, WEEKLY_CODE)
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n"})
    publish_as_a_run_would(plan_of(tmp_path, "daily").jobs[0])

    plan = plan_of(tmp_path)

    assert _reasons(plan) == {"daily": (), "weekly": ("daily was published again",)}
    assert isinstance(plan.jobs[1].inputs[0], TableInput)
    assert plan.jobs[1].inputs[0].version == 2


def test_a_full_refresh_replaces_the_table_and_is_the_reason(tmp_path: Path) -> None:
    (job,) = plan_of(published(tmp_path, APPEND), full_refresh=True).jobs

    assert (job.mode, job.reasons) == ("overwrite", ("full refresh",))


def test_several_reasons_are_all_told(tmp_path: Path) -> None:
    published(tmp_path)
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n", "conf/jobs/daily.yml": DAILY.replace("1", "2")})

    assert _reasons(plan_of(tmp_path)) == {"daily": ("conf changed", "sales has other files (1 new)")}


def test_a_ref_that_was_never_published_and_does_not_run_is_refused(tmp_path: Path) -> None:
    project(tmp_path, TWO, WEEKLY_CODE)

    with pytest.raises(UsageError) as caught:
        plan_of(tmp_path, "weekly")

    assert str(caught.value) == (
        "'weekly' reads 'daily', which has never been published.\n"
        "`sparkjobs run +weekly` runs what it needs first."
    )


def test_a_plan_of_one_job_pins_the_published_version_of_the_other(tmp_path: Path) -> None:
    published(tmp_path, TWO, WEEKLY_CODE)

    (job,) = plan_of(tmp_path, "weekly").jobs

    assert job.upstream == ()
    (one,) = job.inputs
    assert isinstance(one, TableInput)
    assert (one.name, one.job, one.format, one.path, one.version) == (
        "days",
        "daily",
        "parquet",
        tmp_path / "warehouse/daily",
        1,
    )


def test_a_table_that_was_made_anew_is_another_one_though_its_number_is_the_same(tmp_path: Path) -> None:
    published(tmp_path, TWO, WEEKLY_CODE)
    shutil.rmtree(tmp_path / "warehouse/daily")
    publish_as_a_run_would(plan_of(tmp_path, "daily").jobs[0])

    assert _reasons(plan_of(tmp_path)) == {"daily": (), "weekly": ("daily was published again",)}


def test_a_delta_source_that_was_made_anew_is_another_one_though_its_version_is_the_same(
    tmp_path: Path,
) -> None:
    sources = "sales:\n  format: delta\n  path: ${landing}/delta\n"
    project(tmp_path, {"conf/sources.yml": sources})
    delta_commit(tmp_path / "landing/delta", "elsewhere", 1)
    publish_as_a_run_would(plan_of(tmp_path).jobs[0])
    assert _reasons(plan_of(tmp_path)) == {"daily": ()}

    shutil.rmtree(tmp_path / "landing/delta")
    delta_commit(tmp_path / "landing/delta", "elsewhere", 1)

    assert _reasons(plan_of(tmp_path)) == {"daily": ("sales has a new version",)}


def test_the_same_plan_is_the_same_text(tmp_path: Path) -> None:
    project(tmp_path, TWO, WEEKLY_CODE)

    first, second = plan_of(tmp_path), plan_of(tmp_path)

    assert first == second
    assert as_json(first) == as_json(second)
    assert as_text(first) == as_text(second)


def test_the_json_holds_the_pinned_files(tmp_path: Path) -> None:
    plan = plan_of(project(tmp_path))

    told = json.loads(as_json(plan))

    modified = (tmp_path / "landing/sales/a.csv").stat().st_mtime_ns
    assert told["jobs"][0]["inputs"][0]["groups"] == [
        {
            "columns": ["id", "amount"],
            "header": "id,amount",
            "files": [{"path": "landing/sales/a.csv", "size": 16, "modified_ns": modified}],
        }
    ]
    assert told["jobs"][0]["conf"]["output"]["mode"] == "overwrite"
    assert told["jobs"][0]["function"]["name"] == "daily"


def test_files_that_come_after_planning_are_not_in_the_plan(tmp_path: Path) -> None:
    plan = plan_of(project(tmp_path))
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n"})

    one = plan.jobs[0].inputs[0]

    assert isinstance(one, SourceInput)
    assert [file.path for file in one.files] == ["landing/sales/a.csv"]


def test_a_plan_is_frozen_all_the_way_down(tmp_path: Path) -> None:
    job = plan_of(project(tmp_path)).jobs[0]
    one = job.inputs[0]
    assert isinstance(one, SourceInput)

    for value, field in ((job, "mode"), (one, "groups"), (one.groups[0], "files"), (one.files[0], "size")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field, None)
    hash((one.groups, job.reasons, job.upstream))


def test_the_text_says_what_is_read_written_and_checked(tmp_path: Path) -> None:
    checks = "checks:\n  - not_null: [id]\n  - not_null: [amount]\n  - unique: [id]\n"
    project(tmp_path, {**TWO, "conf/jobs/daily.yml": DAILY + checks}, WEEKLY_CODE)

    assert as_text(plan_of(tmp_path)) == (
        "demo: 2 jobs, 2 to run, 0 up to date\n"
        "\n"
        "daily: runs: first run\n"
        "  in   sales: sales, 1 csv files, 0.0 MB\n"
        "  out  parquet overwrite: warehouse/daily\n"
        "  checks  footer or scan: not_null x2; plan or keys: unique\n"
        "\n"
        "weekly: runs: first run\n"
        "  in   days: daily, as published in this run\n"
        "  out  parquet overwrite: warehouse/weekly\n"
    )


def test_the_text_names_what_is_up_to_date_in_one_line(tmp_path: Path) -> None:
    assert as_text(plan_of(published(tmp_path))) == (
        "demo: 1 jobs, 0 to run, 1 up to date\n\ndaily: up to date\n"
    )


OTHER: Mapping[str, str | bytes] = {
    "conf/jobs/other.yml": "function: daily\n" + DAILY.replace("/daily", "/other")
}


def test_a_source_that_two_running_jobs_read_is_cached(tmp_path: Path) -> None:
    plan = plan_of(project(tmp_path, OTHER))

    assert [one.cached for job in plan.jobs for one in job.inputs] == [True, True]
    assert as_text(plan).count("read once for daily, other") == 2


def test_a_source_that_one_running_job_reads_is_not_cached(tmp_path: Path) -> None:
    project(tmp_path, OTHER)
    publish_as_a_run_would(plan_of(tmp_path, "daily").jobs[0])

    assert [one.cached for job in plan_of(tmp_path).jobs for one in job.inputs] == [False, False]


def test_a_ref_that_two_jobs_read_is_cached_and_an_input_whose_job_says_so(tmp_path: Path) -> None:
    files = {**TWO, "conf/jobs/copy.yml": "function: weekly\n" + WEEKLY.replace("/weekly", "/copy")}
    files["conf/jobs/daily.yml"] = DAILY + "cache: [sales]\n"

    plan = plan_of(project(tmp_path, files, WEEKLY_CODE))

    assert {job.name: job.inputs[0].cached for job in plan.jobs} == {
        "daily": True,
        "copy": True,
        "weekly": True,
    }


DAY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mode", "committed", "window", "kind"),
    [
        ("overwrite", 0, None, "whole"),
        ("overwrite", 3, None, "whole"),
        ("append", 0, None, "whole"),
        ("append", 3, None, "append"),
        ("merge", 3, None, "merge"),
        ("overwrite_partitions", 3, Window(DAY), "overwrite_partitions"),
        ("overwrite_partitions", 3, Window(DAY, start=DAY), "backfill"),
        ("overwrite_partitions", 3, Window(DAY, end=DAY), "backfill"),
        ("overwrite", 3, Window(DAY, end=DAY), "whole"),
    ],
)
def test_a_result_is_of_the_kind_that_it_can_be_compared_with(
    tmp_path: Path, mode: Mode, committed: int, window: Window | None, kind: str
) -> None:
    (job,) = plan_of(project(tmp_path)).jobs
    planned = dataclasses.replace(job, mode=mode, committed=committed, window=window)

    assert planned.kind == kind


def test_a_replay_is_compared_with_replays(tmp_path: Path) -> None:
    (job,) = plan_of(project(tmp_path)).jobs
    (taken,) = job.inputs
    replays = dataclasses.replace(taken, part=Replayed(()))

    assert dataclasses.replace(job, inputs=(replays,), committed=3).kind == "replay"
