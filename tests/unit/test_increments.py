"""What an incremental job takes in its next run, decided without Spark."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sparkjobs.errors import ConfigError, GoneFilesError, LogicChangedError, LostTableError
from sparkjobs.plan import JobPlan, Request, RunPlan, Since, Window, Within, build
from sparkjobs.plan.gone import gone_files
from sparkjobs.state import Outcome, begin, state_folder, write_outcome
from sparkjobs.state.durable import write_json
from tests.unit.projects import CODE, DAILY, conf_of, project, publish_as_a_run_would, registry_of, write

MERGE = "output: {format: parquet, path: '${warehouse}/daily', mode: merge, keys: [id]}\n"
HOURS = (
    "inputs: {sales: {source: sales}}\nparams: {least: 1}\n"
    "output: {format: parquet, path: '${warehouse}/daily', mode: overwrite_partitions, partition_by: [day]}\n"
    "incremental: {by: interval, column: at, every: day, start: 2013-01-01, lookback: 1}\n"
)
SALES = "sales:\n  format: csv\n  path: ${landing}/sales/*.csv\n  columns: {id: int, at: {type: timestamp, not_null: true}}\n"


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2013, 1, number, hour, tzinfo=UTC)


def by_day(root: Path) -> Path:
    header = "id,at\n1,2013-01-01T05:00:00\n"
    return project(
        root, {"conf/jobs/daily.yml": HOURS, "conf/sources.yml": SALES, "landing/sales/a.csv": header}
    )


def plan(
    root: Path,
    now: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    full_refresh: bool = False,
) -> RunPlan:
    conf = conf_of(root)
    asked = Request(full_refresh=full_refresh, window=Window(now, start, end))
    return build(conf, registry_of(conf), asked)


def only(found: RunPlan) -> JobPlan:
    (job,) = found.jobs
    return job


def taken(job: JobPlan) -> list[str]:
    part = job.inputs[0].part
    assert isinstance(part, Within)
    return list(map(str, part.intervals))


def test_a_first_run_takes_every_interval_that_is_over(tmp_path: Path) -> None:
    job = only(plan(by_day(tmp_path), day(4, 12)))

    assert (job.reasons, taken(job)) == (("first run",), ["2013-01-01 to 2013-01-04"])


def test_the_next_run_takes_what_is_missing_and_looks_back(tmp_path: Path) -> None:
    publish_as_a_run_would(only(plan(by_day(tmp_path), day(4, 12))))

    same_day, two_days_on = only(plan(tmp_path, day(4, 23))), only(plan(tmp_path, day(6, 1)))

    assert same_day.reasons == ()
    assert two_days_on.reasons == ("sales: intervals 2 missing, 1 re-opened for late rows",)
    assert taken(two_days_on) == ["2013-01-03 to 2013-01-06"]


def test_new_files_reopen_the_intervals_of_the_lookback_alone(tmp_path: Path) -> None:
    publish_as_a_run_would(only(plan(by_day(tmp_path), day(4, 12))))
    write(tmp_path, {"landing/sales/late.csv": "id,at\n2,2013-01-03T23:59:59\n"})

    job = only(plan(tmp_path, day(4, 13)))

    assert job.reasons == ("sales: intervals 1 re-opened for late rows",)
    assert taken(job) == ["2013-01-03 to 2013-01-04"]


def test_a_backfill_of_old_intervals_does_not_hide_late_files_from_the_newest(tmp_path: Path) -> None:
    publish_as_a_run_would(only(plan(by_day(tmp_path), day(4, 12))))
    write(tmp_path, {"landing/sales/late.csv": "id,at\n2,2013-01-03T23:59:59\n"})
    backfill = only(plan(tmp_path, day(4, 13), day(1), day(2)))
    publish_as_a_run_would(backfill)

    assert (backfill.reasons, taken(backfill)) == (
        ("backfill of 2013-01-01 to 2013-01-02",),
        ["2013-01-01 to 2013-01-02"],
    )
    assert taken(only(plan(tmp_path, day(4, 14)))) == ["2013-01-03 to 2013-01-04"]


def test_a_hole_that_a_backfill_left_is_found_by_itself(tmp_path: Path) -> None:
    by_day(tmp_path)
    publish_as_a_run_would(only(plan(tmp_path, day(9), day(1), day(2))))
    publish_as_a_run_would(only(plan(tmp_path, day(9), day(5), day(6))))

    assert taken(only(plan(tmp_path, day(7)))) == ["2013-01-02 to 2013-01-07"]


def test_by_column_the_mark_of_the_last_commit_is_the_lower_bound(tmp_path: Path) -> None:
    conf = f"inputs: {{sales: {{source: sales}}}}\nparams: {{least: 1}}\n{MERGE}incremental: {{by: column, column: id, lookback: '10'}}\n"
    project(tmp_path, {"conf/jobs/daily.yml": conf})
    first = only(plan(tmp_path, day(1)))
    publish_as_a_run_would(first)
    write_outcome(state_folder(first.table), 1, Outcome(mark="0"))
    write_outcome(state_folder(first.table), 2, Outcome(mark="77"))  # of an attempt that never committed
    unchanged = only(plan(tmp_path, day(1)))
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n1,2.5\n"})

    job = only(plan(tmp_path, day(1)))

    assert first.inputs[0].part == Since("id", None, "10", day(1))
    assert unchanged.reasons == ()
    assert (job.reasons, job.inputs[0].part) == (("sales has changed",), Since("id", "0", "10", day(1)))


def test_a_changed_check_or_lookback_is_not_another_logic(tmp_path: Path) -> None:
    publish_as_a_run_would(only(plan(by_day(tmp_path), day(4))))
    write(
        tmp_path,
        {
            "conf/jobs/daily.yml": HOURS.replace("lookback: 1", "lookback: 2")
            + "checks:\n  - not_null: [id]\n"
        },
    )

    assert only(plan(tmp_path, day(4))).reasons == ()

    write(tmp_path, {"conf/jobs/daily.yml": HOURS.replace("least: 1", "least: 2")})
    with pytest.raises(LogicChangedError, match="its conf changed"):
        plan(tmp_path, day(4))


def test_a_table_that_is_gone_is_not_taken_for_a_first_run(tmp_path: Path) -> None:
    job = only(plan(by_day(tmp_path), day(4)))
    publish_as_a_run_would(job)
    write_json(state_folder(job.table) / "committed.json", {"commit": {"number": 1, "rows": 5}})
    (job.table / "part-1.parquet").unlink()

    with pytest.raises(LostTableError, match="manifest 1 was published to"):
        plan(tmp_path, day(4))


def test_a_reset_state_makes_the_table_anew_once(tmp_path: Path) -> None:
    job = only(plan(by_day(tmp_path), day(4)))
    publish_as_a_run_would(job)
    write_json(state_folder(job.table) / "reset.json", {"number": 1})

    anew = only(plan(tmp_path, day(4)))
    publish_as_a_run_would(anew)

    assert (anew.mode, anew.reasons) == ("overwrite", ("its state was reset",))
    assert only(plan(tmp_path, day(4))).reasons == ()


WHOLE = "--start and --end count for nothing: the whole table is made anew"


def test_a_backfill_replaces_no_table_by_its_range(tmp_path: Path) -> None:
    publish_as_a_run_would(only(plan(by_day(tmp_path), day(4))))
    backfill = (day(4), day(1), day(2))

    refresh = only(plan(tmp_path, *backfill, full_refresh=True))
    write(
        tmp_path,
        {
            "conf/jobs/daily.yml": HOURS.replace("least: 1", "least: 2").replace(
                "every: day", "every: day, on_change: full_refresh"
            )
        },
    )
    changed = only(plan(tmp_path, *backfill))
    write_json(state_folder(changed.table) / "reset.json", {"number": 1})
    reset = only(plan(tmp_path, *backfill))

    for job, reason in ((refresh, "full refresh"), (changed, "conf changed"), (reset, "its state was reset")):
        assert (job.mode, taken(job)) == ("overwrite", ["2013-01-01 to 2013-01-04"])
        assert (job.reasons, job.warnings) == ((reason, WHOLE), (WHOLE,))


def test_a_backfill_that_turns_out_to_need_the_whole_table_takes_all_of_it(tmp_path: Path) -> None:
    by_day(tmp_path)
    grows = HOURS.replace("mode:", "on_schema_change: full_refresh, mode:")
    write(tmp_path, {"conf/jobs/daily.yml": grows})
    publish_as_a_run_would(only(plan(tmp_path, day(4))))

    job = only(plan(tmp_path, day(4), day(1), day(2)))

    assert job.whole is not None
    assert (taken(job), taken(job.whole)) == (["2013-01-01 to 2013-01-02"], ["2013-01-01 to 2013-01-04"])


APPENDED = (
    DAILY.replace("{format", "{mode: append, format") + "incremental: {by: files, on_change: full_refresh}\n"
)


def archived(root: Path, job: str = APPENDED, gone: tuple[str, ...] = ("a",)) -> Path:
    """A table of files that are `gone` now; z.csv is there and taken too."""
    files = {f"landing/sales/{name}.csv": f"id,amount\n{name!r},1\n" for name in (*gone, "z")}
    publish_as_a_run_would(only(plan(project(root, {"conf/jobs/daily.yml": job, **files}), day(1))))
    for name in gone:
        (root / f"landing/sales/{name}.csv").unlink()
    return root


def test_no_table_is_made_anew_by_itself_without_the_rows_of_files_that_are_gone(tmp_path: Path) -> None:
    archived(tmp_path)
    write(tmp_path, {"conf/jobs/daily.yml": APPENDED.replace("least: 1", "least: 2")})

    with pytest.raises(GoneFilesError) as caught:
        plan(tmp_path, day(1))

    assert str(caught.value) == (
        "'daily': its table has to be made anew, and 1 of the files it was made from are gone: "
        "landing/sales/a.csv.\n"
        "Nothing was published; readers see what they saw before.\n"
        "Put them back, or go on without their rows: `sparkjobs run daily --full-refresh`. After a change of "
        "code or conf, `sparkjobs state adopt daily` says that the old rows are still right."
    )


def test_many_files_that_are_gone_are_counted_and_five_of_them_named(tmp_path: Path) -> None:
    archived(tmp_path, gone=("a", "b", "c", "d", "e", "f"))
    write(tmp_path, {"conf/jobs/daily.yml": APPENDED.replace("least: 1", "least: 2")})

    with pytest.raises(GoneFilesError) as caught:
        plan(tmp_path, day(1))

    named = ", ".join(f"landing/sales/{name}.csv" for name in "abcde")
    assert (caught.value.count, caught.value.files) == (6, f"{named}, …")


def test_a_full_refresh_that_was_asked_for_tells_whose_rows_go(tmp_path: Path) -> None:
    archived(tmp_path)

    refresh = only(plan(tmp_path, day(1), full_refresh=True))
    write_json(state_folder(refresh.table) / "reset.json", {"number": 1})
    reset = only(plan(tmp_path, day(1)))

    for job, reason in ((refresh, "full refresh"), (reset, "its state was reset")):
        told = "the rows of 1 files that are gone go too: landing/sales/a.csv"
        assert (job.reasons, job.warnings) == ((reason, told), (told,))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: path.write_text("{"), "manifests/1.json is not as sparkjobs wrote it: "),
        (Path.unlink, "'daily': manifest 1 of "),
    ],
)
def test_a_full_refresh_mends_a_table_of_which_a_manifest_is_lost(
    tmp_path: Path, damage: Callable[[Path], object], told: str
) -> None:
    archived(tmp_path)
    write(tmp_path, {"landing/sales/b.csv": "id,amount\n2,1\n"})
    job = only(plan(tmp_path, day(1)))
    publish_as_a_run_would(job)
    damage(state_folder(job.table) / "manifests/1.json")

    refresh = only(plan(tmp_path, day(1), full_refresh=True))

    (warning,) = refresh.warnings
    assert warning.startswith("nobody knows whether rows of files that are gone go too: ")
    assert told in warning


@pytest.mark.parametrize("job", [APPENDED, APPENDED[: APPENDED.index("incremental")]])
def test_a_job_that_takes_each_file_once_knows_which_are_gone(tmp_path: Path, job: str) -> None:
    archived(tmp_path, job)

    assert gone_files(only(plan(tmp_path, day(1), full_refresh=True))) == ("landing/sales/a.csv",)


def test_a_job_that_reads_all_files_in_every_run_misses_none(tmp_path: Path) -> None:
    archived(tmp_path, DAILY)

    assert only(plan(tmp_path, day(1), full_refresh=True)).warnings == ()


@pytest.mark.parametrize(
    ("job", "told"),
    [
        (HOURS.replace("column: at", "column: att"), "source 'sales' has no column 'att'"),
        (
            HOURS.replace("column: at", "column: id"),
            "'id' of source 'sales' is int, which does not put its rows in order",
        ),
        (
            HOURS.replace("overwrite_partitions, partition_by: [day]", "append"),
            "incremental by interval with mode append would double the rows that it takes again; it takes overwrite_partitions, merge, scd2",
        ),
        (
            HOURS.replace(
                "by: interval, column: at, every: day, start: 2013-01-01, lookback: 1", "by: files"
            ),
            "incremental by files with mode overwrite_partitions would lose the older rows of a partition that gets new ones; it takes append, merge, scd2",
        ),
        (
            HOURS.replace("overwrite_partitions, partition_by: [day]", "merge, keys: [id]").replace(
                "by: interval, column: at, every: day, start: 2013-01-01, lookback: 1", "by: version"
            ),
            "by version needs a Delta table; source 'sales' is none",
        ),
        (
            HOURS.replace(
                "overwrite_partitions, partition_by: [day]",
                "scd2, keys: [id], sequence_by: seen, absent_keys: close",
            ),
            "`absent_keys: close` needs whole snapshots: take them by 'seen', not by 'at'",
        ),
        (HOURS.replace("every: day", "every: week"), "every: 'week' is not known; it can be"),
        (
            HOURS.replace("start: 2013-01-01", "start: soon"),
            "start: 'soon' is not a date or time; for example 2013-01-01",
        ),
        (
            HOURS.replace("lookback: 1", "lokback: 1"),
            "'lokback' is not a key of incremental; did you mean 'lookback'?",
        ),
    ],
)
def test_an_incremental_conf_that_could_lose_or_double_rows_is_refused(
    tmp_path: Path, job: str, told: str
) -> None:
    by_day(tmp_path)
    write(tmp_path, {"conf/jobs/daily.yml": job})

    with pytest.raises(ConfigError) as caught:
        plan(tmp_path, day(4))

    assert any(told in mistake for mistake in caught.value.mistakes), caught.value.mistakes
    assert all(mistake.startswith("conf/jobs/daily.yml:") for mistake in caught.value.mistakes)


def test_plan_warns_of_a_job_that_groups_only_its_new_rows(tmp_path: Path) -> None:
    conf = f"inputs: {{sales: {{source: sales}}}}\nparams: {{least: 1}}\n{MERGE}incremental: {{by: files}}\n"
    grouping = CODE.replace("return sales", "return sales.groupBy('id').count()")

    (warned,) = only(
        plan(project(tmp_path / "one", {"conf/jobs/daily.yml": conf}, grouping), day(1))
    ).warnings
    silent = only(plan(project(tmp_path / "two", {"conf/jobs/daily.yml": conf}), day(1))).warnings

    assert warned.startswith("daily groups rows and sees only the new ones")
    assert silent == ()


def test_an_unfinished_manifest_counts_for_nothing(tmp_path: Path) -> None:
    job = only(plan(by_day(tmp_path), day(4)))
    publish_as_a_run_would(job)
    later = only(plan(tmp_path, day(6)))
    from sparkjobs.state import Manifest  # noqa: PLC0415

    pinned = tuple(one.pinned() for one in later.inputs)
    begin(
        state_folder(job.table),
        Manifest("daily", 0, 1, "killed", later.code, later.fingerprint, pinned, later.mode),
    )

    assert taken(only(plan(tmp_path, day(6)))) == taken(later)
