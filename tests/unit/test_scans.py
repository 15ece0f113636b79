"""What `plan --explain` says of scans that are written down."""

from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from sparkjobs.cli import cli
from sparkjobs.errors import UsageError
from sparkjobs.figures import Scan
from sparkjobs.plan import RunPlan, Scans, TableInput, as_text
from tests.unit.projects import plan_of, project

WEEKLY = "inputs: {days: {ref: daily}}\noutput: {format: parquet, path: '${warehouse}/weekly'}\n"
CODE = "from sparkjobs import job\n\n\n@job\ndef daily(sales, *, least):\n    return sales\n\n\n@job\ndef weekly(days):\n    return days\n"


def plan(root: Path) -> RunPlan:
    return plan_of(project(root, {"conf/jobs/weekly.yml": WEEKLY}, CODE))


def scan(path: Path, **facts: object) -> Scan:
    whole = Scan(str(path), (), (), (), (), 1, 1)
    return replace(whole, **facts)  # type: ignore[arg-type]  # the fields of a scan


def told(plan: RunPlan, job: str, scans: Scans) -> list[str]:
    """The lines of `job` down to where it writes."""
    lines = as_text(plan, {job: scans}).splitlines()
    start = lines.index(next(line for line in lines if line.startswith(f"{job}:")))
    stop = lines.index(next(line for line in lines[start:] if line.startswith("  out")), start)
    return lines[start + 1 : stop]


def test_a_source_is_told_with_its_files_of_which_every_row_is_read(tmp_path: Path) -> None:
    scans = Scans((scan(tmp_path / "landing/sales/a.csv"),))

    assert told(plan(tmp_path), "daily", scans) == [
        "  in   sales: sales, 1 csv files, 0.0 MB",
        "         reads               1 file, every row: the ledger counts them",
        "         pushed filters      none",
        "         data filters        none",
    ]


def test_a_partitioned_table_is_told_with_what_chooses_its_partitions(tmp_path: Path) -> None:
    found = scan(
        tmp_path / "warehouse/daily",
        partition_by=("month", "day"),
        partition_filters=("(month = 1)",),
        pushed_filters=("IsNotNull(id)", "GreaterThan(id,7)"),
        data_filters=("(id IS NOT NULL)", "(id > 7)"),
        partitions=31,
        files=1_240,
    )

    assert told(plan(tmp_path), "weekly", Scans((found,))) == [
        "  in   days: daily, as published in this run",
        "         reads               31 partitions by month, day, 1,240 files",
        "         partition filters   (month = 1)",
        "         pushed filters      IsNotNull(id); GreaterThan(id,7)",
        "         data filters        (id IS NOT NULL); (id > 7)",
    ]


def test_what_is_left_out_only_in_the_run_is_told_as_such(tmp_path: Path) -> None:
    late = ("dynamicpruningexpression(insubquery(month))",)
    found = scan(
        tmp_path / "warehouse/daily", partition_by=("month",), partition_filters=late, partitions=12, files=12
    )

    assert told(plan(tmp_path), "weekly", Scans((found,)))[1:3] == [
        "         reads               at most 12 partitions by month, 12 files",
        "         partition filters   dynamicpruningexpression(insubquery(month))",
    ]


def test_a_scan_of_every_partition_says_that_nothing_chooses_them(tmp_path: Path) -> None:
    found = scan(tmp_path / "warehouse/daily", partition_by=("month",), partitions=12, files=12)

    assert "         partition filters   none" in told(plan(tmp_path), "weekly", Scans((found,)))


def test_a_table_that_is_read_twice_has_two_scans(tmp_path: Path) -> None:
    whole = scan(tmp_path / "warehouse/daily", partition_by=("month",), partitions=12, files=24)
    part = replace(whole, partition_filters=("(month = 1)",), partitions=1, files=2)

    lines = told(plan(tmp_path), "weekly", Scans((whole, part)))

    assert [line.split("  ")[-1].strip() for line in lines if " reads " in line] == [
        "12 partitions by month, 24 files",
        "1 partition by month, 2 files",
    ]


def test_a_table_that_another_job_changes_before_is_told_as_it_is_now(tmp_path: Path) -> None:
    scans = Scans((scan(tmp_path / "warehouse/daily"),), frozenset({"days"}))

    assert "         reads               1 file, as of now, before daily runs" in told(
        plan(tmp_path), "weekly", scans
    )


def test_an_input_without_a_scan_is_not_read(tmp_path: Path) -> None:
    assert told(plan(tmp_path), "weekly", Scans())[1:] == [
        "         reads               nothing: the function does not ask for its rows"
    ]


def test_a_job_whose_input_is_not_there_yet_says_so(tmp_path: Path) -> None:
    scans = Scans(unknown="daily must be published first")

    assert told(plan(tmp_path), "weekly", scans) == [
        "  in   days: daily, as published in this run",
        "  scans  cannot be told: daily must be published first",
    ]


def test_a_line_takes_no_more_than_100_columns(tmp_path: Path) -> None:
    many = tuple(f"(a_column_with_a_name_{place} IS NOT NULL)" for place in range(20))
    found = scan(tmp_path / "warehouse/daily", data_filters=(*many, f"(day IN ({'x' * 300}))"))

    lines = told(plan(tmp_path), "weekly", Scans((found,)))

    assert max(map(len, lines)) == 100
    assert "".join("".join(lines).split()).count("ISNOTNULL") == 20


def test_a_plan_for_programs_has_no_scans(tmp_path: Path) -> None:
    plan(tmp_path)

    done = CliRunner().invoke(cli, ["plan", "--explain", "--output", "json", "--project", str(tmp_path)])

    assert isinstance(done.exception, UsageError)


def test_a_table_below_another_ones_folder_is_not_taken_for_it(tmp_path: Path) -> None:
    (one,) = plan(tmp_path).jobs[1].inputs
    assert isinstance(one, TableInput)

    lines = told(plan(tmp_path), "weekly", Scans((scan(tmp_path / "warehouse/daily_2"),)))

    assert "nothing" in lines[1]
