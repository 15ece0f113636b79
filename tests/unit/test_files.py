"""Which files a source has, and which of them no run may touch."""

import gzip
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from sparkjobs.errors import InputError
from sparkjobs.plan import File, SourceInput
from sparkjobs.plan.files import listed
from tests.unit.projects import plan_of, project, write

GOOD = b"id,amount\n1,2.5\n"


def _source(root: Path, rest: str = "", path: str = "${landing}/sales/*", kind: str = "csv") -> str:
    columns = "" if kind in ("parquet", "orc") else "  columns: {id: int, amount: double}\n"
    return f"sales:\n  format: {kind}\n  path: {path}\n{columns}{rest}"


def _pinned(root: Path, files: Mapping[str, str | bytes], source: str) -> SourceInput:
    project(root, {"conf/sources.yml": source, **files})
    (root / "landing/sales/a.csv").unlink()
    one = plan_of(root).jobs[0].inputs[0]
    assert isinstance(one, SourceInput)
    return one


def _refused(root: Path, files: Mapping[str, str | bytes], source: str) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        _pinned(root, files, source)
    assert caught.value.source == "sales"
    return caught.value.problems


def test_a_file_is_pinned_by_path_size_and_time(tmp_path: Path) -> None:
    one = _pinned(tmp_path, {"landing/sales/b.csv": GOOD}, _source(tmp_path))

    modified = (tmp_path / "landing/sales/b.csv").stat().st_mtime_ns
    assert one.files == (File("landing/sales/b.csv", len(GOOD), modified),)


def test_a_file_a_folder_and_a_glob_are_listed_in_the_order_of_names(tmp_path: Path) -> None:
    write(tmp_path, {"x/b.csv": "1", "x/a.csv": "1", "x/sub/c.csv": "1", "x/z.txt": "1"})

    def names(path: str) -> list[str]:
        return [file.path for file in listed(f"{tmp_path}/{path}", tmp_path)]

    assert names("x/a.csv") == ["x/a.csv"]
    assert names("x") == ["x/a.csv", "x/b.csv", "x/sub/c.csv", "x/z.txt"]
    assert names("x/*.csv") == ["x/a.csv", "x/b.csv"]
    assert names("x/[a]*") == ["x/a.csv"]
    assert names("x/**/*.csv") == ["x/a.csv", "x/b.csv", "x/sub/c.csv"]
    assert names("x/s*") == ["x/sub/c.csv"]
    assert names("y") == []
    assert names("y/*") == []


def test_markers_of_other_engines_are_no_data(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "x/a.csv": "1",
            "x/_SUCCESS": "",
            "x/.a.csv.crc": "1",
            "x/_metadata": "1",
            "x/_committed_123": "1",
            "x/_delta_log/0.json": "1",
            "x/_sparkjobs/table.json": "1",
        },
    )

    assert [file.path for file in listed(str(tmp_path / "x"), tmp_path)] == ["x/a.csv"]


@pytest.mark.parametrize("path", ["x/*", "x/**"])
def test_a_glob_that_matches_markers_does_not_make_them_data(tmp_path: Path, path: str) -> None:
    write(tmp_path, {"x/a.csv": "1", "x/_SUCCESS": "", "x/_delta_log/0.json": "1", "x/_committed_1": "1"})

    assert [file.path for file in listed(f"{tmp_path}/{path}", tmp_path)] == ["x/a.csv"]


@pytest.mark.parametrize("path", ["x/**/*.csv", "x/**", "x/*"])
def test_a_file_is_listed_once_however_often_it_is_matched(tmp_path: Path, path: str) -> None:
    write(tmp_path, {"x/2024/a.csv": "1", "x/out.csv/b.csv": "1"})
    (tmp_path / "x/latest").symlink_to("2024")

    assert [file.path for file in listed(f"{tmp_path}/{path}", tmp_path)] == [
        "x/2024/a.csv",
        "x/out.csv/b.csv",
    ]


def test_files_outside_the_project_keep_their_absolute_path(tmp_path: Path) -> None:
    write(tmp_path, {"x/a.csv": "1"})

    assert [file.path for file in listed(str(tmp_path / "x"), tmp_path / "p")] == [f"{tmp_path}/x/a.csv"]


DAMAGED: list[tuple[str, bytes, str, str]] = [
    ("csv", b"", "b.csv", "it has no bytes"),
    ("csv", GOOD, "_b.csv", "its name starts with '_' or '.', such files are silently not read; rename it"),
    ("csv", b"PK\x03\x04 zip", "b.csv", "it is a zip archive"),
    ("csv", b"PAR1 parquet PAR1", "b.csv", "it is a Parquet file"),
    ("csv", gzip.compress(GOOD, mtime=0), "b.csv", "it is gzip data in a file not named .gz"),
    ("csv", GOOD.decode().encode("utf-16"), "b.csv", "it is UTF-16, its conf says utf-8"),
    ("csv", b"\xfe\xff\x00i\x00d", "b.csv", "it is UTF-16, its conf says utf-8"),
    ("json", b"PK\x03\x04 zip", "b.json", "it is a zip archive"),
    ("parquet", b"PAR1 cut", "b.parquet", "it is not a whole parquet file"),
    ("parquet", b"id,amount\n1,2", "b.parquet", "it is not a whole parquet file"),
    ("parquet", b"PK\x03\x04 and the end PAR1", "b.parquet", "it is not a whole parquet file"),
    ("parquet", b"PA", "b.parquet", "it is not a whole parquet file"),
    ("orc", b"PAR1 PAR1", "b.orc", "it is not a whole orc file"),
]


@pytest.mark.parametrize(("kind", "content", "name", "told"), DAMAGED)
def test_a_file_that_spark_would_skip_or_misread_is_refused(
    tmp_path: Path, kind: str, content: bytes, name: str, told: str
) -> None:
    source = _source(tmp_path, kind=kind)

    assert _refused(tmp_path, {f"landing/sales/{name}": content}, source) == (
        f"landing/sales/{name}: {told}",
    )


def test_a_hidden_file_in_a_folder_is_refused_too(tmp_path: Path) -> None:
    files = {"landing/sales/.b.csv": GOOD, "landing/sales/c.csv": GOOD}

    (told,) = _refused(tmp_path, files, _source(tmp_path, path="${landing}/sales"))

    assert told.startswith("landing/sales/.b.csv: its name starts with")


@pytest.mark.parametrize("path", ["${landing}/sales", "${landing}/sales/**", "${landing}/sales/**/*.csv"])
def test_a_file_in_a_hidden_folder_is_refused(tmp_path: Path, path: str) -> None:
    files = {"landing/sales/_temporary/0/z.csv": GOOD, "landing/sales/c.csv": GOOD}

    assert _refused(tmp_path, files, _source(tmp_path, path=path)) == (
        "landing/sales/_temporary/0/z.csv: it lies in _temporary/, where unfinished and hidden files lie; move it",
    )


def test_a_folder_with_a_dot_is_hidden_too(tmp_path: Path) -> None:
    files = {"landing/sales/.trash/z.csv": GOOD, "landing/sales/c.csv": GOOD}

    (told,) = _refused(tmp_path, files, _source(tmp_path, path="${landing}/sales"))

    assert told.startswith("landing/sales/.trash/z.csv: it lies in .trash/")


def test_a_partition_and_a_folder_that_the_conf_spells_out_are_not_hidden(tmp_path: Path) -> None:
    files = {"landing/_raw/_day=1/b.csv": GOOD}

    one = _pinned(tmp_path, files, _source(tmp_path, path="${landing}/_raw/**/*.csv"))

    assert [file.path for file in one.files] == ["landing/_raw/_day=1/b.csv"]


@pytest.mark.parametrize(
    "path", ["x", "x/*.parquet", "x/*/*.parquet", "**/*.parquet", "x/p=1", "x/p=1/b.parquet"]
)
@pytest.mark.parametrize("kind", ["parquet", "orc"])
def test_the_files_of_a_delta_table_are_refused(tmp_path: Path, path: str, kind: str) -> None:
    files: Mapping[str, str | bytes] = {
        "landing/x/a.parquet": b"PAR1 PAR1",
        "landing/x/p=1/b.parquet": b"PAR1 PAR1",
        "landing/x/_delta_log/0.json": "{}",
    }
    source = _source(tmp_path, path="${landing}/" + path, kind=kind)

    assert f"{tmp_path}/landing/x: it is a Delta table; say `format: delta`" in _refused(
        tmp_path, files, source
    )


@pytest.mark.parametrize("content", [GOOD, b""])
def test_a_file_whose_name_is_not_utf_8_is_told_in_text(tmp_path: Path, content: bytes) -> None:
    project(tmp_path, {"conf/sources.yml": _source(tmp_path)})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/landing/sales/b\xff.csv")).write_bytes(content)

    with pytest.raises(InputError) as caught:
        plan_of(tmp_path)

    why = "its name is not UTF-8, Spark could not find it; rename it" if content else "it has no bytes"
    assert caught.value.problems == (f"landing/sales/b\\udcff.csv: {why}",)


def test_all_damaged_files_are_told_at_once(tmp_path: Path) -> None:
    files = {"landing/sales/b.csv": b"", "landing/sales/c.csv": b"PK\x03\x04", "landing/sales/d.csv": GOOD}

    assert len(_refused(tmp_path, files, _source(tmp_path))) == 2


def test_gzip_that_is_named_so_is_read(tmp_path: Path) -> None:
    files = {"landing/sales/b.csv.gz": gzip.compress(GOOD, mtime=0)}

    one = _pinned(tmp_path, files, _source(tmp_path))

    assert one.groups[0].columns == ("id", "amount")


@pytest.mark.parametrize("rest", ["", "  options: {multi_line: true}\n"])
@pytest.mark.parametrize(
    "content", [gzip.compress(GOOD * 999, mtime=0)[:30], b"\x1f\x8b\x08\x00garbage at its end", GOOD]
)
def test_broken_gzip_is_refused(tmp_path: Path, content: bytes, rest: str) -> None:
    (told,) = _refused(tmp_path, {"landing/sales/b.csv.gz": content}, _source(tmp_path, rest))

    assert told.startswith("landing/sales/b.csv.gz: cannot be read: ")


def test_no_file_is_refused_unless_the_conf_accepts_it(tmp_path: Path) -> None:
    source = _source(tmp_path, path="${landing}/nothing/*.csv")

    assert _refused(tmp_path / "a", {}, source) == (f"no file at {tmp_path}/a/landing/nothing/*.csv",)
    assert _pinned(tmp_path / "b", {}, source + "  on_empty: accept\n").groups == ()


def test_a_file_without_bytes_is_passed_over_where_the_conf_accepts_it(tmp_path: Path) -> None:
    files = {"landing/sales/b.csv": b"", "landing/sales/c.csv": GOOD}

    one = _pinned(tmp_path, files, _source(tmp_path, "  on_empty: accept\n"))

    assert [file.path for file in one.files] == ["landing/sales/c.csv"]


@pytest.mark.parametrize(
    ("text", "options", "whole"),
    [
        ('id,amount\n1,"2\n3"\n', "", True),
        ('id,amount\n1,"2\n3\n', "", False),
        ('id,amount\n1,"say ""x"""\n', "", True),
        ('id,amount\n1,"say ""x""\n', "", False),
        ('id,amount\n1,"say \\"x\\""\n', ", escape: '\\'", True),
        ('id,amount\n1,"say \\"x\\"\n', ", escape: '\\'", False),
        ('id,amount\n1,"ends in \\\\"\n', ", escape: '\\'", True),
        ("id,amount\n1,'x\n", ', quote: "\'", escape: "\'"', False),
        ('id,amount\n1,it"s\n', ', quote: "\'", escape: "\'"', True),
    ],
)
def test_a_multi_line_file_with_an_open_quote_is_refused(
    tmp_path: Path,
    text: str,
    options: str,
    whole: bool,  # noqa: FBT001 (a row of the table above)
) -> None:
    source = _source(tmp_path, f"  options: {{multi_line: true{options}}}\n")
    files = {"landing/sales/b.csv": text}

    if whole:
        assert len(_pinned(tmp_path, files, source).files) == 1
    else:
        assert _refused(tmp_path, files, source) == (
            "landing/sales/b.csv: a quote in it is never closed, so that no row after it can be trusted",
        )


@pytest.mark.parametrize(
    ("text", "encoding", "whole"),
    [
        ('id,amount\n1,"a""\0"\n', "utf-8", False),
        ("id,amount\n1,a\0\n", "utf-8", True),
        ('id,amount\n1,"a\0"\n', "iso-8859-1", False),
        ('id,amount\n1,"a\0"\n', "utf-16", False),
        ('id,amount\n1,"a\u0100\u0100"\n', "utf-16", True),
    ],
)
def test_a_multi_line_file_with_a_nul_beside_quotes_is_refused(
    tmp_path: Path,
    text: str,
    encoding: str,
    whole: bool,  # noqa: FBT001 (a row of the table above)
) -> None:
    source = _source(tmp_path, f"  options: {{multi_line: true, encoding: {encoding}}}\n")
    files = {"landing/sales/b.csv": text.encode(encoding)}

    if whole:
        assert len(_pinned(tmp_path, files, source).files) == 1
    else:
        told = "landing/sales/b.csv: beside quotes it holds a NUL, which Spark would swallow; take it out"
        assert _refused(tmp_path, files, source) == (told,)


def test_an_open_quote_is_found_across_the_blocks_that_are_read(tmp_path: Path) -> None:
    cell = "x" * ((1 << 20) - len('id,amount\n1,"') - 1)
    text = f'id,amount\n1,"{cell}\\"more"\n'
    source = _source(tmp_path, "  options: {multi_line: true, escape: '\\'}\n")

    assert len(_pinned(tmp_path, {"landing/sales/b.csv": text}, source).files) == 1
