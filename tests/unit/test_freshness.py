"""How old tables are, told by the tables themselves."""

import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from sparkjobs.errors import LostTableError
from sparkjobs.freshness import Age, age_of
from sparkjobs.plan import Request, build
from sparkjobs.state import Manifest, Outcome, begin, claim, state_folder, write_outcome
from sparkjobs.state.durable import write_json
from sparkjobs.state.times import Newest, UntoldError, newest, published_at
from tests.unit.projects import DAILY, conf_of, mistakes_of, project, registry_of
from tests.unit.test_cli import sparkjobs

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KINDS = {"id": "integer", "at": "timestamp", "local": "timestamp_ntz", "day": "date", "who": "string"}
SCHEMA = {"type": "struct", "fields": [{"name": name, "type": kind} for name, kind in KINDS.items()]}
AT, LOCAL = pa.timestamp("us", "UTC"), pa.timestamp("us")


def _manifest(table: Path, table_format: str, at: datetime, mode: str = "overwrite", base: int = 0) -> int:
    """A manifest of job daily with its outcome, which was written at that time."""
    claim("daily", table, table_format)
    number = begin(state_folder(table), Manifest("daily", 0, base, "run", "code", "conf", (), mode)).number
    write_outcome(state_folder(table), number, Outcome())
    os.utime(state_folder(table) / f"outcomes/{number}.json", (at.timestamp(), at.timestamp()))
    return number


def _parquet(table: Path, at: datetime, *files: pa.Table, mode: str = "overwrite", base: int = 0) -> int:
    """Publish `files` to a Parquet table."""
    number = _manifest(table, "parquet", at, mode, base)
    for place, rows in enumerate(files):
        pq.write_table(rows, table / f"part-{number}-{place}.parquet")
    commit = {"number": number, "schema": json.dumps(SCHEMA), "partition_by": []}
    write_json(state_folder(table) / "committed.json", {"commit": commit})
    return number


def _delta(
    table: Path, at: datetime, rows: pa.Table, mode: str = "overwrite", base: int = 0, by: str | None = None
) -> int:
    """Publish `rows` to a Delta table; its log says that it was then."""
    number = _manifest(table, "delta", NOON - 1000 * HOUR, mode, base)
    properties = CommitProperties(
        app_transactions=[Transaction("sparkjobs/daily", number)],
        custom_metadata={"userMetadata": json.dumps({"job": "daily", "manifest": number})},
    )
    write_deltalake(
        table,
        rows,
        mode="append",
        schema_mode="merge",
        partition_by=by and [by],
        commit_properties=properties,
    )
    entry = table / "_delta_log" / f"{DeltaTable(table).version():020}.json"
    lines = [json.loads(line) for line in entry.read_text().splitlines()]
    for line in lines:
        if "commitInfo" in line:
            line["commitInfo"]["timestamp"] = int(at.timestamp() * 1000)
    entry.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return number


PUBLISH: Mapping[str, Callable[..., int]] = {"parquet": _parquet, "delta": _delta}


def _rows(*at: datetime | None) -> pa.Table:
    return pa.table({"id": pa.array(range(len(at)), pa.int32()), "at": pa.array(at, AT)})


@pytest.mark.parametrize("table_format", ["parquet", "delta"])
def test_a_table_that_is_not_there_was_never_published(tmp_path: Path, table_format: str) -> None:
    assert published_at("daily", tmp_path / "t", table_format) is None


def test_a_parquet_table_was_published_when_the_outcome_of_its_manifest_was_written(tmp_path: Path) -> None:
    _parquet(tmp_path, NOON, _rows(NOON))
    _parquet(tmp_path, NOON + HOUR, _rows(NOON), base=1)
    _manifest(tmp_path, "parquet", NOON + 2 * HOUR, base=2)  # not committed

    assert published_at("daily", tmp_path, "parquet") == NOON + HOUR


def test_a_commit_whose_moves_were_interrupted_is_published(tmp_path: Path) -> None:
    _parquet(tmp_path, NOON, _rows(NOON))
    number = _manifest(tmp_path, "parquet", NOON + HOUR, base=1)
    write_json(state_folder(tmp_path) / "journal.json", {"commit": {"number": number}, "moves": []})

    assert published_at("daily", tmp_path, "parquet") == NOON + HOUR


def test_a_delta_table_was_published_when_its_log_says_so(tmp_path: Path) -> None:
    _delta(tmp_path, NOON, _rows(NOON))
    _delta(tmp_path, NOON + HOUR, _rows(NOON), base=1)
    write_deltalake(tmp_path, _rows(NOON), mode="append")  # somebody else's

    assert published_at("daily", tmp_path, "delta") == NOON + HOUR


def test_a_log_that_has_forgotten_the_commit_leaves_the_outcome(tmp_path: Path) -> None:
    _delta(tmp_path, NOON, _rows(NOON))
    for version in range(1, 4):
        write_deltalake(tmp_path, _rows(NOON), mode="append")
        assert DeltaTable(tmp_path).version() == version
    DeltaTable(tmp_path).create_checkpoint()
    for version in range(3):
        (tmp_path / "_delta_log" / f"{version:020}.json").unlink()

    assert published_at("daily", tmp_path, "delta") == NOON - 1000 * HOUR


@pytest.mark.parametrize("table_format", ["parquet", "delta"])
def test_to_adopt_a_table_is_not_to_publish_it(tmp_path: Path, table_format: str) -> None:
    publish = PUBLISH[table_format]
    publish(tmp_path / "ours", NOON, _rows(NOON))
    publish(tmp_path / "ours", NOON + HOUR, _rows(NOON), mode="adopt", base=1)
    publish(tmp_path / "theirs", NOON, _rows(NOON), mode="adopt")

    assert published_at("daily", tmp_path / "ours", table_format) == NOON
    assert published_at("daily", tmp_path / "theirs", table_format) is None


def test_a_reset_before_anything_was_published_publishes_nothing(tmp_path: Path) -> None:
    _manifest(tmp_path, "parquet", NOON)
    write_json(state_folder(tmp_path) / "reset.json", {"number": 1})

    assert published_at("daily", tmp_path, "parquet") is None


def test_a_reset_table_was_published_when_it_was(tmp_path: Path) -> None:
    _parquet(tmp_path, NOON, _rows(NOON))
    write_json(state_folder(tmp_path) / "reset.json", {"number": 1})

    assert published_at("daily", tmp_path, "parquet") == NOON


def test_a_table_that_is_gone_is_not_one_that_never_was(tmp_path: Path) -> None:
    _parquet(tmp_path, NOON, _rows(NOON))
    content = {"commit": {"number": 1, "rows": 1, "schema": json.dumps(SCHEMA)}}
    write_json(state_folder(tmp_path) / "committed.json", content)
    next(tmp_path.glob("*.parquet")).unlink()

    with pytest.raises(LostTableError):
        published_at("daily", tmp_path, "parquet")


@pytest.mark.parametrize("table_format", ["parquet", "delta"])
def test_the_newest_time_is_that_of_all_files(tmp_path: Path, table_format: str) -> None:
    publish = PUBLISH[table_format]
    publish(tmp_path, NOON, _rows(NOON - HOUR, NOON, None))
    publish(tmp_path, NOON, _rows(NOON - 9 * HOUR), base=1)
    publish(tmp_path, NOON, _rows(None), base=2)

    assert newest(tmp_path, table_format, "at") == Newest(NOON, 0)


@pytest.mark.parametrize("table_format", ["parquet", "delta"])
def test_dates_and_times_without_zone_are_of_utc(
    tmp_path: Path, table_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    publish = PUBLISH[table_format]
    noon = NOON.replace(tzinfo=None)
    rows = {
        "id": pa.array([1], pa.int32()),
        "local": pa.array([noon], LOCAL),
        "day": pa.array([date(2026, 1, 1)]),
    }
    publish(tmp_path, NOON, pa.table(rows))

    found = newest(tmp_path, table_format, "local"), newest(tmp_path, table_format, "day")
    monkeypatch.undo()
    time.tzset()

    assert found == (Newest(NOON, 0), Newest(NOON - 12 * HOUR, 0))


def test_the_folders_of_a_parquet_table_tell_its_newest_day(tmp_path: Path) -> None:
    _parquet(tmp_path, NOON)
    for day in ("2026-01-01", "2025-12-31", "__HIVE_DEFAULT_PARTITION__"):
        (tmp_path / f"day={day}").mkdir()
        pq.write_table(_rows(NOON), tmp_path / f"day={day}/part.parquet")

    assert newest(tmp_path, "parquet", "day") == Newest(NOON - 12 * HOUR, 0)


def test_the_log_of_a_delta_table_tells_its_newest_day(tmp_path: Path) -> None:
    days = pa.array([date(2026, 1, 1), date(2025, 12, 31), None])
    _delta(tmp_path, NOON, pa.table({"id": pa.array([1, 2, 3], pa.int32()), "day": days}), by="day")

    assert newest(tmp_path, "delta", "day") == Newest(NOON - 12 * HOUR, 0)


def test_a_file_without_the_column_may_hold_newer_rows(tmp_path: Path) -> None:
    _parquet(tmp_path, NOON, _rows(NOON), _rows(NOON + HOUR).drop_columns("at"))

    assert newest(tmp_path, "parquet", "at") == Newest(NOON, 1)


@pytest.mark.parametrize(
    "stats",
    [
        None,
        {"numRecords": 1},
        {"numRecords": 1, "nullCount": {"at": 0}},
        {"numRecords": 1, "minValues": {"id": 1}, "maxValues": {"id": 1}, "nullCount": {"id": 0}},
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_a_file_without_statistics_may_hold_newer_rows(
    tmp_path: Path, stats: dict[str, object] | None, *, alone: bool
) -> None:
    _delta(tmp_path, NOON, _rows(NOON + HOUR))
    entry = tmp_path / "_delta_log" / f"{0:020}.json"
    lines = [json.loads(line) for line in entry.read_text().splitlines()]
    (add,) = (line["add"] for line in lines if "add" in line)
    add["stats"] = stats and json.dumps(stats)
    entry.write_text("".join(json.dumps(line) + "\n" for line in lines))
    if not alone:
        _delta(tmp_path, NOON, _rows(NOON), base=1)

    assert newest(tmp_path, "delta", "at") == Newest(None if alone else NOON, 1)


@pytest.mark.parametrize("table_format", ["parquet", "delta"])
def test_a_table_without_times_has_no_newest(tmp_path: Path, table_format: str) -> None:
    publish = PUBLISH[table_format]
    publish(tmp_path, NOON, _rows(None))

    assert newest(tmp_path, table_format, "at") == Newest(None, 0)


@pytest.mark.parametrize(
    ("column", "why"),
    [("ad", "there is no column 'ad'"), ("id", "'id' is integer, which is no date or time")],
)
def test_a_column_that_is_no_time_tells_no_newest(tmp_path: Path, column: str, why: str) -> None:
    _parquet(tmp_path, NOON, _rows(NOON))

    with pytest.raises(UntoldError, match=why):
        newest(tmp_path, "parquet", column)


def _age(root: Path, conf: str, now: datetime) -> Age:
    return age_of("daily", conf_of(_project(root, conf)).jobs["daily"], now)


def _project(root: Path, conf: str) -> Path:
    return project(root, {"conf/jobs/daily.yml": DAILY + (f"freshness: {conf}\n" if conf else "")})


@pytest.mark.parametrize(
    ("conf", "now", "verdict", "fails"),
    [
        ("{max_age: 1d}", NOON + 24 * HOUR, "fresh", False),
        ("{max_age: 1d}", NOON + 24 * HOUR + timedelta(seconds=1), "stale", True),
        ("{max_age: 1d, severity: warn}", NOON + 25 * HOUR, "stale", False),
        ("{max_age: 1d, column: at}", NOON + 19 * HOUR, "fresh", False),
        ("{max_age: 1d, column: at}", NOON + 20 * HOUR, "stale", True),
        ("{max_age: 1d, column: day}", NOON, "unknown", True),
        ("{max_age: 1d, column: day, severity: warn}", NOON, "unknown", False),
        ("", NOON + 1000 * HOUR, "not asked", False),
    ],
)
def test_a_table_is_fresh_while_both_its_publish_and_its_data_are(
    tmp_path: Path, conf: str, now: datetime, verdict: str, *, fails: bool
) -> None:
    _parquet(
        tmp_path / "warehouse/daily",
        NOON,
        _rows(NOON - 5 * HOUR + timedelta(seconds=1)).append_column("x", pa.array([1])),
    )

    age = _age(tmp_path, conf, now)

    assert (age.verdict, age.fails) == (verdict, fails)
    assert age.published == NOON


def test_rows_of_the_future_do_not_make_a_publish_younger(tmp_path: Path) -> None:
    _parquet(tmp_path / "warehouse/daily", NOON, _rows(NOON + 1000 * HOUR))

    assert _age(tmp_path, "{max_age: 1d, column: at}", NOON + 25 * HOUR).verdict == "stale"


def test_what_files_do_not_tell_is_unknown_only_where_it_matters(tmp_path: Path) -> None:
    _parquet(tmp_path / "warehouse/daily", NOON, _rows(NOON), _rows(NOON).drop_columns("at"))

    assert _age(tmp_path, "{max_age: 1h, column: at}", NOON + HOUR).verdict == "fresh"
    assert _age(tmp_path, "{max_age: 1h, column: day}", NOON).why == "2 files do not tell their newest 'day'"


def test_a_job_that_never_ran_is_reported(tmp_path: Path) -> None:
    never = _age(tmp_path, "{max_age: 1d}", NOON)

    assert (never.verdict, never.fails) == ("never published", True)


def test_a_table_that_is_not_the_job_s_is_unknown_and_no_other_table_goes_untold(tmp_path: Path) -> None:
    (tmp_path / "warehouse/daily").mkdir(parents=True)
    (tmp_path / "warehouse/daily/notes.txt").write_text("x")

    age = _age(tmp_path, "{max_age: 1d}", NOON)

    assert (age.verdict, age.fails) == ("unknown", True)
    assert "it was not made by sparkjobs" in age.why


@pytest.mark.parametrize(
    ("conf", "mistake"),
    [
        ("{max_age: 1 day}", "4:13: max_age: '1 day' is not a duration; for example 90s"),
        ("{column: at}", "4:1: freshness lacks 'max_age'"),
        ("{max_age: 1d, severity: bad}", "4:26: severity: 'bad' is not known"),
        ("{max_age: 1d, colum: at}", "4:26: 'colum' is not a key of freshness; did you mean 'column'?"),
    ],
)
def test_a_mistake_in_freshness_has_its_place(tmp_path: Path, conf: str, mistake: str) -> None:
    (found,) = mistakes_of(_project(tmp_path, conf))

    assert found.startswith(f"conf/jobs/daily.yml:{mistake}")


def test_another_freshness_is_no_reason_to_run(tmp_path: Path) -> None:
    def fingerprint(conf: str) -> str:
        found = conf_of(_project(tmp_path, conf))
        (job,) = build(found, registry_of(found), Request()).jobs
        return job.fingerprint

    assert fingerprint("") == fingerprint("{max_age: 1d}") == fingerprint("{max_age: 2d, column: at}")


def _told(root: Path, *arguments: str) -> tuple[int, list[str], str]:
    done = sparkjobs("freshness", *arguments, "--project", str(root))
    return done.returncode, [line.rstrip() for line in done.stdout.splitlines()], done.stderr


def _with_weekly(root: Path, daily: str, weekly: str) -> Path:
    weekly = f"inputs: {{days: {{ref: daily}}}}\noutput: {{format: parquet, path: '${{warehouse}}/weekly'}}\n{weekly}"
    files: Mapping[str, str] = {"conf/jobs/daily.yml": DAILY + daily, "conf/jobs/weekly.yml": weekly}
    return project(root, files)


def test_the_verb_freshness_tells_each_table_and_fails_for_a_stale_one(tmp_path: Path) -> None:
    _with_weekly(
        tmp_path, "freshness: {max_age: 36h, column: at}\n", "freshness: {max_age: 4w, severity: warn}\n"
    )
    _parquet(tmp_path / "warehouse/daily", NOON - 10_000 * HOUR, _rows(NOON - 10_001 * HOUR))

    assert _told(tmp_path) == (
        1,
        [
            "job     last published       newest data          max age  verdict",
            "daily   2024-11-10 20:00:00  2024-11-10 19:00:00  1d 12h   stale",
            "weekly                                            28d      never published",
        ],
        "pyspark absent, JVM False\n",
    )


def test_the_verb_freshness_is_content_with_warnings_and_with_the_jobs_it_was_asked_for(
    tmp_path: Path,
) -> None:
    _with_weekly(tmp_path, "freshness: {max_age: 1h}\n", "freshness: {max_age: 4w, severity: warn}\n")

    code, lines, _ = _told(tmp_path, "weekly")

    assert (code, [line.split()[0] for line in lines]) == (0, ["job", "weekly"])
    assert _told(tmp_path, "dayly")[0] == 2


def test_the_verb_freshness_says_why_it_does_not_know(tmp_path: Path) -> None:
    _with_weekly(tmp_path, "freshness: {max_age: 1h, column: id}\n", "")
    _parquet(tmp_path / "warehouse/daily", datetime.now(UTC), _rows(NOON))  # noqa: TID251 (the verb reads the clock)

    code, lines, told = _told(tmp_path)

    assert (code, lines[1].split()[-1]) == (1, "unknown")
    assert told == "daily: 'id' is integer, which is no date or time\npyspark absent, JVM False\n"
