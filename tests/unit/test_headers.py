"""CSV headers bind columns by name, file by file."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sparkjobs.config.sources import CsvOptions
from sparkjobs.errors import InputError
from sparkjobs.plan import FileGroup, SourceInput
from sparkjobs.plan.headers import header_of
from tests.unit.projects import plan_of, project

SOURCE = "sales:\n  format: csv\n  path: ${landing}/sales/*.csv\n  columns: {id: int, amount: double}\n"


def _groups(root: Path, files: Mapping[str, str | bytes], rest: str = "") -> tuple[FileGroup, ...]:
    project(root, {"conf/sources.yml": SOURCE + rest, **files})
    one = plan_of(root).jobs[0].inputs[0]
    assert isinstance(one, SourceInput)
    return one.groups


def _refused(root: Path, header: str | bytes, rest: str = "") -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        _groups(root, {"landing/sales/a.csv": header}, rest)
    return caught.value.problems


def test_files_with_one_header_are_one_group(tmp_path: Path) -> None:
    files = {
        "landing/sales/b.csv": "amount,id\n2,1\n",
        "landing/sales/c.csv": "id,amount\n1,2\n",
        "landing/sales/d.csv": '"id","amount"\n1,2\n',
    }

    groups = _groups(tmp_path, files)

    assert [(group.header, group.columns, [file.path[-5:] for file in group.files]) for group in groups] == [
        ("id,amount", ("id", "amount"), ["a.csv", "c.csv"]),
        ("amount,id", ("amount", "id"), ["b.csv"]),
        ('"id","amount"', ("id", "amount"), ["d.csv"]),
    ]


def test_a_missing_column_is_refused_or_null(tmp_path: Path) -> None:
    assert _refused(tmp_path / "a", "id\n1\n") == (
        "landing/sales/a.csv: it lacks the column 'amount'; it has 'id'",
    )
    (group,) = _groups(tmp_path / "b", {"landing/sales/a.csv": "id\n1\n"}, "  on_missing_columns: 'null'\n")
    assert group.columns == ("id",)


def test_an_undeclared_column_is_refused_or_ignored(tmp_path: Path) -> None:
    header = "id,new,amount\n1,2,3\n"

    assert _refused(tmp_path / "a", header) == ("landing/sales/a.csv: it has the undeclared column 'new'",)
    (group,) = _groups(tmp_path / "b", {"landing/sales/a.csv": header}, "  on_extra_columns: ignore\n")
    assert group.columns == ("id", "new", "amount")


@pytest.mark.parametrize("header", ["id,amount,id", "id,amount,ID", "id,amount,new,NEW"])
def test_a_column_that_stands_twice_is_always_refused(tmp_path: Path, header: str) -> None:
    (told,) = _refused(tmp_path, f"{header}\n1,2,3\n", "  on_extra_columns: ignore\n")

    assert "stands twice in its header" in told


@pytest.mark.parametrize("header", ["ID,amount", "id ,amount", "1,2.5"])
def test_a_name_that_is_not_exactly_the_declared_one_is_another(tmp_path: Path, header: str) -> None:
    problems = _refused(tmp_path, f"{header}\n1,2\n")

    assert any("it lacks the column 'id'" in one for one in problems)


@pytest.mark.parametrize(
    ("content", "rest", "expected"),
    [
        (b"\xef\xbb\xbfid,amount\n1,2\n", "", "id,amount"),
        (b"id,amount\r\n1,2\r\n", "", "id,amount"),
        (b"id,amount\r1,2\r", "", "id,amount"),
        (b"\n\n  \nid,amount\n1,2\n", "", "id,amount"),
        (b"id,amount", "", "id,amount"),
        (b"id;amount\n1;2\n", "  options: {delimiter: ';'}\n", "id;amount"),
        (b"id||amount\n1||2\n", "  options: {delimiter: '||'}\n", "id||amount"),
        (b"id\tamount\n1\t2\n", '  options: {delimiter: "\\t"}\n', "id\tamount"),
        (b"id,amount\n1,\xff\n", "", "id,amount"),
    ],
)
def test_a_header_is_found_as_it_stands_in_the_file(
    tmp_path: Path, content: bytes, rest: str, expected: str
) -> None:
    (group,) = _groups(tmp_path, {"landing/sales/a.csv": content}, rest)

    assert group.header == expected
    assert group.columns == ("id", "amount")


def test_a_quoted_name_may_hold_the_delimiter_and_quotes(tmp_path: Path) -> None:
    source = SOURCE.replace("{id: int, amount: double}", "{'a,b': int, 'say \"x\"': double}")
    project(tmp_path, {"conf/sources.yml": source, "landing/sales/a.csv": '"a,b","say ""x"""\n1,2\n'})

    one = plan_of(tmp_path).jobs[0].inputs[0]

    assert isinstance(one, SourceInput)
    assert one.groups[0].columns == ("a,b", 'say "x"')


def test_a_header_in_another_encoding_is_refused_or_declared(tmp_path: Path) -> None:
    header = "id,amount,größe\n1,2,3\n".encode("latin-1")

    (told,) = _refused(tmp_path / "a", header, "  on_extra_columns: ignore\n")
    (group,) = _groups(
        tmp_path / "b",
        {"landing/sales/a.csv": header},
        "  on_extra_columns: ignore\n  options: {encoding: iso-8859-1}\n",
    )

    assert told == "landing/sales/a.csv: its header line is not utf-8"
    assert group.columns == ("id", "amount", "größe")


def test_a_file_of_blank_lines_has_no_header(tmp_path: Path) -> None:
    (told,) = _refused(tmp_path, "\n\n\n")

    assert told.startswith("landing/sales/a.csv: it lacks the column 'id', 'amount'")


def test_without_header_the_declared_columns_hold(tmp_path: Path) -> None:
    (group,) = _groups(tmp_path, {"landing/sales/a.csv": "1,2\n"}, "  options: {header: false}\n")

    assert (group.header, group.columns) == ("", ("id", "amount"))


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("id,amount\n1,2\n", ("id", "amount")),
        ("\n\nid,amount\n", ("id", "amount")),
        ("\ufeffid,amount\n", ("id", "amount")),
        ('id,"am\nount"\n1,2\n', ("id", "am\nount")),
        ('"i""d",amount\n1,2\n', ('i"d', "amount")),
    ],
)
def test_a_multi_line_header_is_the_first_record(
    tmp_path: Path, content: str, columns: tuple[str, ...]
) -> None:
    rest = "  options: {multi_line: true}\n  on_extra_columns: ignore\n  on_missing_columns: 'null'\n"

    (group,) = _groups(tmp_path, {"landing/sales/a.csv": content}, rest)

    assert (group.header, group.columns) == ("", columns)


def _bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


@pytest.mark.parametrize("multi_line", [False, True])
def test_a_header_of_the_usual_length_costs_little_of_its_file(tmp_path: Path, multi_line: bool) -> None:  # noqa: FBT001 (both)
    (tmp_path / "a.csv").write_text("id,amount\n" + "1,2\n" * 500_000)
    before = _bytes_read()

    header_of(tmp_path / "a.csv", CsvOptions(multi_line=multi_line))

    assert _bytes_read() - before < 200_000


@pytest.mark.parametrize("multi_line", [False, True])
def test_a_header_that_is_longer_than_that_is_read_whole(tmp_path: Path, multi_line: bool) -> None:  # noqa: FBT001 (both)
    names = tuple(f"a_rather_long_name_of_column_{number}" for number in range(5_000))
    (tmp_path / "a.csv").write_text("\n" + ",".join(names) + "\n1,2\n")

    _, found = header_of(tmp_path / "a.csv", CsvOptions(multi_line=multi_line))

    assert found == names


def test_a_multi_line_header_is_read_to_its_end(tmp_path: Path) -> None:
    names = tuple(f"a name on\ntwo lines {number}" for number in range(5_000))
    (tmp_path / "a.csv").write_text(",".join(f'"{name}"' for name in names) + "\n1,2\n")

    assert header_of(tmp_path / "a.csv", CsvOptions(multi_line=True)) == ("", names)
