"""Advice from figures that are written down."""

from dataclasses import replace
from pathlib import Path

import pytest

from sparkjobs.advice import advise, skew, small_files, spill, unpruned
from sparkjobs.figures import IdleFilter, Spread, Stage, Tasks
from sparkjobs.plan import JobPlan, TableInput, Within
from sparkjobs.results import Advice, StagedFile
from tests.unit.projects import plan_of, project

MB = 1_000_000
EVEN = Spread(40 * MB, 45 * MB)
NOTHING = Spread(0, 0)


def stage(number: int, run_ms: Spread, shuffled: Spread = EVEN, read: Spread = NOTHING) -> Stage:
    return Stage(number, 0, Tasks(200, run_ms, shuffled, read))


def job(root: Path, output: str = "", more: str = "") -> JobPlan:
    conf = f"inputs: {{sales: {{source: sales}}}}\nparams: {{least: 1}}\noutput: {{format: delta, path: '${{warehouse}}/daily'{output}}}\n{more}"
    return plan_of(project(root, {"conf/jobs/daily.yml": conf})).jobs[0]


def files(*partitions: str, size: int = MB) -> list[StagedFile]:
    """One file in each of `partitions`, which may be named more than once."""
    return [
        StagedFile(f"{place}.parquet", size, 0, 1, (("day", day),), "")
        for place, day in enumerate(partitions)
    ]


KEYS = (
    "group or join by a key that spreads the rows, without those where it is null; Spark splits a join"
    " from a lower `spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes` in `spark:` on"
)
FILES = (
    "give the source smaller files: one that is gzipped or `multi_line` goes to one task as a whole;"
    " Spark splits others from a lower `spark.sql.files.maxPartitionBytes` in `spark:` on"
)
AGAIN = (
    "if the next run says so too, one key of a join matches far more rows than others: join by more columns"
)
LATE = Spread(4_000, 210_000)


@pytest.mark.parametrize(
    ("found", "figures", "remedy"),
    [
        (
            stage(3, LATE, Spread(40 * MB, 3_200 * MB)),
            "one took 210.0 s for 3,200.0 MB, the median 4.0 s for 40.0 MB of shuffled rows",
            KEYS,
        ),
        (
            stage(3, LATE, NOTHING, Spread(0, 900 * MB)),
            "one took 210.0 s for 900.0 MB, the median 4.0 s for 0.0 MB of input",
            FILES,
        ),
        (stage(3, LATE), "one took 210.0 s, the median 4.0 s for about as many bytes", AGAIN),
    ],
)
def test_a_task_that_all_others_wait_for_is_told_with_what_sets_it_apart(
    found: Stage, figures: str, remedy: str
) -> None:
    assert skew([stage(2, Spread(1_000, 1_200)), found]) == Advice(
        "skew", f"of 200 tasks in stage 3 {figures}", remedy
    )


def test_of_several_skewed_stages_the_longest_is_told_and_the_others_counted() -> None:
    found = skew([stage(1, Spread(1_000, 20_000)), stage(2, LATE), stage(3, Spread(2_000, 11_000))])

    assert found is not None
    assert found.text == (
        "of 200 tasks in stage 2 one took 210.0 s, the median 4.0 s for about as many bytes;"
        " 2 more of its stages are like that"
    )


@pytest.mark.parametrize(
    "found",
    [
        stage(1, Spread(100, 9_999), Spread(1, 3_200 * MB)),
        stage(1, Spread(3_000, 14_999), Spread(1, 3_200 * MB)),
        Stage(1, 0, None),
    ],
)
def test_a_stage_that_nobody_waits_for_is_not_skewed(found: Stage) -> None:
    assert skew([found]) is None


@pytest.mark.parametrize(
    ("output", "more", "relief"),
    [
        ("", "", ""),
        (", target_file_size: 2GB", "", ", or an `output.target_file_size` below 2GB"),
        ("", "cache: [sales]", ", or `cache` without sales"),
    ],
)
def test_a_spill_is_told_with_all_that_takes_memory(
    tmp_path: Path, output: str, more: str, relief: str
) -> None:
    found = spill(
        [Stage(1, 0, None), Stage(2, 3 * MB, None), Stage(3, 4 * MB, None)], job(tmp_path, output, more)
    )

    assert found == Advice(
        "spill",
        "2 stages wrote 7.0 MB to disk that did not fit into memory",
        "make tasks smaller: a higher `spark.sql.shuffle.partitions` in `spark:`"
        f"{relief}, or give them more memory with `--conf`",
    )


def test_a_job_that_had_memory_is_told_of_no_spill(tmp_path: Path) -> None:
    assert spill([Stage(1, 0, None)], job(tmp_path)) is None


BY_DAY = ", partition_by: [day]"


@pytest.mark.parametrize(
    ("output", "partitions", "text", "remedy"),
    [
        (
            "",
            ["-"] * 9,
            "its run wrote 9 files of 1.0 MB on the average",
            "`output.target_file_size: 128MB` gathers the rows of all tasks into fewer files",
        ),
        (
            ", target_file_size: 1MB",
            ["-"] * 40,
            "its run wrote 40 files of 1.0 MB on the average",
            "an `output.target_file_size` above 1MB gathers the rows of all tasks into fewer files",
        ),
        (
            BY_DAY,
            [f"2026-01-{day:02}" for day in range(1, 34)],
            "its run wrote 33 files of 1.0 MB on the average, in 33 partitions by day",
            "take fewer or coarser columns in `output.partition_by`",
        ),
        (
            BY_DAY,
            ["2026-01-01"] * 9 + ["2026-01-02"],
            "its run wrote 10 files of 1.0 MB on the average, up to 9 in one of 2 partitions by day",
            "an `output.target_file_size` above 64MB splits a partition less; it counts bytes before Parquet",
        ),
    ],
)
def test_many_small_files_are_told_with_the_key_that_makes_them(
    tmp_path: Path, output: str, partitions: list[str], text: str, remedy: str
) -> None:
    found = small_files(files(*partitions), job(tmp_path, output).conf.output)

    assert found == Advice("small files", text, remedy)


@pytest.mark.parametrize(
    ("output", "written"),
    [
        ("", []),
        ("", files(*["-"] * 8)),
        (BY_DAY, files(*[f"2026-01-{day:02}" for day in range(1, 33)])),
        ("", files(*["-"] * 40, size=9 * MB)),
        (", mode: merge, keys: [id]", files(*["-"] * 40)),
    ],
)
def test_few_large_or_merged_files_are_not_told(
    tmp_path: Path, output: str, written: list[StagedFile]
) -> None:
    assert small_files(written, job(tmp_path, output).conf.output) is None


def idle(path: Path) -> IdleFilter:
    return IdleFilter(str(path), ("month",), "((month = 1) OR (id > 7))")


READ_ALL = "it read every partition of {} (by month): ((month = 1) OR (id > 7)) left none out"


def test_a_source_of_which_every_partition_was_read_is_told(tmp_path: Path) -> None:
    found = unpruned([idle(tmp_path / "landing/sales/a.csv")], job(tmp_path), tmp_path)

    assert found == Advice(
        "unpruned",
        READ_ALL.format("sales"),
        "every row of a source under a contract is looked at, so only a narrower `path:` of sales leaves folders out;"
        " or publish it with `partition_by`, and read that by `ref:`",
    )


@pytest.mark.parametrize(
    ("part", "remedy"),
    [
        (None, "filter by partition columns alone, in a condition of its own"),
        (
            Within("day", ()),
            "a ledger counts every row that an increment takes: say in `incremental` what it takes",
        ),
    ],
)
def test_a_table_of_which_every_partition_was_read_is_told(
    tmp_path: Path, part: Within | None, remedy: str
) -> None:
    table = TableInput(
        "flights", "stg_flights", "parquet", tmp_path / "warehouse/flights", 3, cached=False, part=part
    )
    planned = replace(job(tmp_path), inputs=(table,))

    found = unpruned([idle(table.path)], planned, tmp_path)

    assert found == Advice("unpruned", READ_ALL.format("flights"), remedy)


def test_a_sound_job_gets_no_advice(tmp_path: Path) -> None:
    sound = [stage(1, Spread(1_000, 1_200))]

    assert advise(job(tmp_path), tmp_path, sound, files("a", "b", size=100 * MB), []) == ()
