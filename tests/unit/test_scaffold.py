"""What `init` and `new` write is sound at once, and nothing that was there changes."""

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sparkjobs.config.node import parse, plain
from sparkjobs.errors import UsageError
from sparkjobs.scaffold import new_job, new_project, new_source
from sparkjobs.scaffold.columns import declared, type_of
from tests.unit.projects import DAILY, MAIN, SOURCES, conf_of, project, registry_of, write
from tests.unit.test_cli import sparkjobs


def columns(root: Path, path: str) -> object:
    """The columns that are proposed for the files at `path`, read back."""
    text = new_source(conf_of(root), "new", path)
    read = plain(parse("conf/sources.yml", (root / "conf/sources.yml").read_bytes()))
    assert isinstance(read, dict)
    assert {"new": read["new"]} == plain(parse("block", text.encode()))
    assert isinstance(read["new"], dict)
    return read["new"].get("columns")


def refusal(root: Path, name: str, path: str) -> str:
    """What `new source` says, having written nothing."""
    before = (root / "conf/sources.yml").read_bytes()
    with pytest.raises(UsageError) as caught:
        new_source(conf_of(root), name, path)
    assert (root / "conf/sources.yml").read_bytes() == before
    return str(caught.value)


def test_a_new_project_is_valid_and_can_be_planned_and_extended(tmp_path: Path) -> None:
    done = sparkjobs("init", str(tmp_path / "my-shop"))
    root = str(tmp_path / "my-shop")
    path = "data/landing/orders.csv"

    assert done.returncode == 0, done.stderr
    assert sparkjobs("validate", "--project", root).stdout == "my_shop: 1 jobs, 1 sources, no mistakes\n"
    assert "daily_sales: runs: first run" in sparkjobs("plan", "--project", root).stdout
    assert sparkjobs("new", "source", "again", path, "--project", root).returncode == 0
    added = ("--input", "sales=ref:daily_sales", "--input", "orders=source:again")
    assert sparkjobs("new", "job", "weekly", *added, "--project", root).returncode == 0
    assert sparkjobs("validate", "--project", root).stdout == "my_shop: 2 jobs, 2 sources, no mistakes\n"


def test_every_schema_that_a_new_project_names_is_there(tmp_path: Path) -> None:
    sparkjobs("init", str(tmp_path))

    named = [
        (file.parent / line.partition("$schema=")[2]).resolve()
        for file in (tmp_path / "conf").rglob("*.yml")
        for line in file.read_text().splitlines()
        if "$schema=" in line
    ]

    assert len(named) == 3
    assert all(file.is_file() for file in named)


def test_init_overwrites_nothing_and_writes_nothing_beside_what_is_there(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": "mine", "jobs/__init__.py": "mine too"})

    with pytest.raises(UsageError, match=r"already holds jobs/__init__\.py, main\.py\.\n") as caught:
        new_project(tmp_path, "shop", {"job": "{}"})

    assert str(caught.value).endswith("Nothing was written.")
    assert sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()) == [
        "jobs/__init__.py",
        "main.py",
    ]


def test_init_follows_no_link_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/conf").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UsageError, match="a link leads there"):
        new_project(tmp_path / "shop", None, {})

    assert not list((tmp_path / "elsewhere").iterdir())


def test_init_tells_where_it_cannot_write() -> None:
    with pytest.raises(UsageError, match=r"^/proc/shop.* cannot be written: No such file or directory"):
        new_project(Path("/proc/shop"), None, {})


def test_init_takes_no_file_for_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"shop": "a file"})

    with pytest.raises(UsageError, match="is no folder"):
        new_project(tmp_path / "shop", None, {})


@pytest.mark.parametrize("name", ["my-shop", "1shop", "", "a\n", "${landing}", "x: y"])
def test_a_project_has_a_name_that_conf_takes(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is not a name"):
        new_project(tmp_path / "shop", name, {})

    assert not (tmp_path / "shop").exists()


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "-20", "0"], "int"),
        (["2147483647", "-2147483648"], "int"),
        (["1", "2147483648"], "bigint"),
        (["9223372036854775808"], "decimal(38,0)"),
        (["9" * 39], "string"),
        (["01", "2"], "string"),
        (["00.5"], "string"),
        (["+1"], "string"),
        (["1.50", "20.25", "3"], "decimal(18,2)"),
        (["1.50", "20.255"], "double"),
        (["1.5", "2e5"], "double"),
        (["12345678901234567.50"], "decimal(38,2)"),
        (["2026-01-31"], "date"),
        (["2026-02-30"], "string"),
        (["2026-01-31T10:00:00Z", "2026-01-31 10:00"], "timestamp"),
        (["2026-01-31", "2026-01-31 10:00"], "string"),
        (["true", "FALSE"], "boolean"),
        (["true", "1"], "string"),
        (["1", "NA"], "string"),
        ([" 1"], "string"),
        (["١"], "string"),  # noqa: RUF001 (a digit, to Python)
        ([], "string"),
    ],
)
def test_a_type_is_proposed_that_changes_no_value(texts: list[str], kind: str) -> None:
    assert type_of(texts) == kind


def test_only_what_holds_for_the_whole_sample_is_proposed() -> None:
    assert declared(["a", "b"] * 5) == {"type": "string", "not_null": True, "accepted_values": ("a", "b")}
    assert declared([None, *["a", "b"] * 5]) == {"type": "string", "accepted_values": ("a", "b")}
    assert declared(["a", "b", "c"]) == {"type": "string", "not_null": True}
    assert declared(["a"] * 50) == {"type": "string", "not_null": True}
    assert declared(["${a}", "b"] * 5) == {"type": "string", "not_null": True}
    assert declared([None, None]) == "string"
    assert declared([]) == "string"


def test_a_csv_file_is_read_by_its_header(tmp_path: Path) -> None:
    lines = 'id;zip;"the note";on\n1;01234;;2026-01-01\n2;9;"a\nb";2026-01-02\ntoo;few\n'
    project(tmp_path, {"landing/new.csv": b"\xef\xbb\xbf" + lines.encode()})

    assert columns(tmp_path, "landing/new.csv") == {
        "id": {"type": "int", "not_null": True},
        "zip": {"type": "string", "not_null": True},
        "the note": "string",
        "on": {"type": "date", "not_null": True},
    }
    assert '  options: {delimiter: ";", multi_line: true}\n' in (tmp_path / "conf/sources.yml").read_text()
    assert '  path: "${landing}/new.csv"\n' in (tmp_path / "conf/sources.yml").read_text()


def test_the_files_of_a_glob_are_looked_at_together_and_a_packed_one_unpacked(tmp_path: Path) -> None:
    project(
        tmp_path, {"landing/n/a.csv": "id,x\n1,\n", "landing/n/b.csv.gz": gzip.compress(b"x,id\n2,3.5\n")}
    )

    assert columns(tmp_path, str(tmp_path / "landing/n/*")) == {
        "id": {"type": "decimal(18,1)", "not_null": True},
        "x": "int",
    }


def test_of_a_long_file_only_the_beginning_is_read(tmp_path: Path) -> None:
    project(tmp_path, {"landing/n.csv": "id\n" + "1\n" * 20_000 + "x\n"})

    assert columns(tmp_path, "landing/n.csv") == {"id": {"type": "int", "not_null": True}}


def test_json_lines_are_read_as_text_and_an_absent_key_is_null(tmp_path: Path) -> None:
    lines = (
        '{"id": 1, "x": 1.25, "t": [1], "ok": true}\n\n{"id": 2, "x": 2, "t": [], "ok": null, "z": "01"}\n'
    )
    project(tmp_path, {"landing/n.jsonl": lines})

    assert columns(tmp_path, "landing/n.jsonl") == {
        "id": {"type": "int", "not_null": True},
        "x": {"type": "decimal(18,2)", "not_null": True},
        "t": {"type": "string", "not_null": True},
        "ok": "boolean",
        "z": "string",
    }


def test_parquet_has_types_of_its_own_and_columns_in_its_folders(tmp_path: Path) -> None:
    folder = tmp_path / "landing/n/day=1"
    folder.mkdir(parents=True)
    table = {
        "id": [1, 2],
        "s": ["a", None],
        "at": pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("us", "UTC")),
        "eur": [Decimal("1.50"), None],
    }
    pq.write_table(pa.table(table), folder / "a.parquet")

    assert columns(project(tmp_path), "landing/n") == {
        "id": {"type": "bigint", "not_null": True},
        "s": "string",
        "at": {"type": "timestamp", "not_null": True},
        "eur": "decimal(3,2)",
        "day": {"type": "int", "not_null": True},
    }


def test_of_parquet_that_conf_has_no_word_for_the_files_own_schema_holds(tmp_path: Path) -> None:
    project(tmp_path)
    pq.write_table(pa.table({"id": [1], "tags": [["a"]]}), tmp_path / "landing/n.parquet")

    assert columns(tmp_path, "landing/n.parquet") is None


@pytest.mark.parametrize(
    "before",
    [
        SOURCES,
        SOURCES.rstrip("\n"),
        SOURCES.replace("\n", "\r\n"),
        f"# mine\n{SOURCES}\n\n  # and the end\n",
        f"{SOURCES}  description: |\n    text\n",
        "",
    ],
)
def test_what_stands_in_the_file_stays_byte_for_byte(tmp_path: Path, before: str) -> None:
    project(tmp_path, {"conf/sources.yml": before, "landing/n.csv": "id\n1\n"})

    new_source(conf_of(tmp_path), "new", "landing/n.csv")

    after = (tmp_path / "conf/sources.yml").read_bytes()
    assert after.startswith(before.encode())
    assert "new" in conf_of(tmp_path).sources


@pytest.mark.parametrize(
    "before",
    [
        "{sales: {format: csv, path: landing/sales, columns: {id: int}}}\n",
        f"{SOURCES}  description: |+\n    text\n",
    ],
)
def test_nothing_is_appended_where_a_block_would_not_stand_by_itself(tmp_path: Path, before: str) -> None:
    project(tmp_path, {"conf/sources.yml": before, "landing/n.csv": "id\n1\n"})

    assert "Nothing was written." in refusal(tmp_path, "new", "landing/n.csv")


@pytest.mark.parametrize(
    ("name", "path", "told"),
    [
        ("sales", "landing/n.csv", "There is a source 'sales', at conf/sources.yml:1:1."),
        ("my-new", "landing/n.csv", "'my-new' is not a name"),
        ("new", "landing/none.csv", "there is no such file"),
        ("new", "landing/empty.csv", "there is nothing in it"),
        ("new", "n.csv", "leads outside every folder of `paths:`"),
        ("new", "landing/../../n.csv", "leads outside every folder of `paths:`"),
        ("new", "/etc/passwd", "leads outside every folder of `paths:`"),
        ("new", "${landing}/n.csv", "holds a reference"),
        ("new", "s3://bucket/n.csv", "only paths of a file system"),
        ("new", "landing/n.txt", "n.txt is none of .csv, .json, "),
        ("new", "landing/latin.csv", "latin.csv is not UTF-8"),
        ("new", "landing/list.json", "line 1 of list.json is not one JSON object"),
        ("new", "landing/bad.parquet", "bad.parquet cannot be read: "),
        ("new", "landing/twice.csv", "two columns of one name"),
        ("new", "landing/blank.csv", "is too short"),
        ("new", "landing/long.csv", "cannot be read: field larger than field limit"),
    ],
)
def test_a_source_that_could_not_be_read_is_not_written(
    tmp_path: Path, name: str, path: str, told: str
) -> None:
    files: dict[str, str | bytes] = {
        "landing/n.csv": "id\n1\n",
        "landing/n.txt": "x",
        "landing/empty.csv": "",
        "landing/latin.csv": b"id\n\xe9\n",
        "landing/list.json": "[1]\n",
        "landing/bad.parquet": "PAR1",
        "landing/twice.csv": "id,ID\n1,2\n",
        "landing/blank.csv": "id,\n1,2\n",
        "landing/long.csv": f"id\n{'x' * 200_000}\n",
        "n.csv": "id\n1\n",
    }

    assert told in refusal(project(tmp_path, files), name, path)


@pytest.mark.parametrize(
    ("name", "inputs", "told"),
    [
        ("daily", ("a=source:sales",), "There is a job 'daily', at "),
        ("my-job", ("a=source:sales",), "'my-job' is not a name"),
        ("class", ("a=source:sales",), "a word of Python's own"),
        ("new", ("lambda=source:sales",), "a word of Python's own"),
        ("new", ("a b=source:sales",), "'a b' is not a name"),
        ("new", ("a=source:sale",), "There is no source 'sale'; did you mean 'sales'?"),
        ("new", ("a=ref:sales",), "There is no job 'sales'"),
        ("new", ("a=sales",), "is not INPUT=ref:JOB or INPUT=source:NAME"),
        ("new", ("a=source:sales", "a=ref:daily"), "The input 'a' is given twice."),
    ],
)
def test_a_job_that_would_be_no_job_is_not_written(
    tmp_path: Path, name: str, inputs: tuple[str, ...], told: str
) -> None:
    conf = conf_of(project(tmp_path))

    with pytest.raises(UsageError) as caught:
        new_job(conf, registry_of(conf), name, inputs)

    assert told in str(caught.value)
    assert [file.name for file in (tmp_path / "conf/jobs").iterdir()] == ["daily.yml"]


def test_a_new_job_needs_a_warehouse(tmp_path: Path) -> None:
    files = {
        "conf/sparkjobs.yml": MAIN.replace("warehouse:", "tables:"),
        "conf/jobs/daily.yml": DAILY.replace("${warehouse}", "${tables}"),
    }
    conf = conf_of(project(tmp_path, files))

    with pytest.raises(UsageError, match="names no warehouse"):
        new_job(conf, registry_of(conf), "new", ("a=ref:daily",))
