"""Hostile YAML: every file ends in one line with its place, fast, and in little memory."""

import re
import time
import tracemalloc
from pathlib import Path

import pytest

from sparkjobs.config.node import MistakeError, parse
from tests.unit.projects import mistakes_of, project

HOSTILE: dict[str, tuple[bytes, str]] = {
    "alias bomb": (b"a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n", "1:4: anchors and aliases"),
    "alias of itself": (b"&a [*a]\n", "1:1: anchors and aliases"),
    "alias of nothing": (b"a: 1\nb: *x\n", "2:4: anchors and aliases"),
    "anchor that nobody uses": (b"a: 1\nb: &x 2\n", "2:4: anchors and aliases"),
    "anchor on a key": (b"&x a: 1\n", "1:1: anchors and aliases"),
    "900,000 ampersands": (b"&" * 900_000, "1:2: "),
    "nested 50,000 deep": (b"[" * 50_000 + b"]" * 50_000, "1:1001: "),
    "200 KB of [": (b"[" * 200_000, "1:1001: "),
    "200 KB of {": (b"{" * 200_000, "1:1001: "),
    "200 KB of {[": (b"{[" * 100_000, "1:1001: "),
    "mappings 50,000 deep": (b"{a: " * 50_000, "1:161: nested deeper than 40"),
    "dashes 400,000 deep": (b"- " * 400_000, "1:81: nested deeper than 40"),
    "questions 50,000 deep": (b"? " * 50_000, "1:81: nested deeper than 40"),
    "blocks 1,000 deep": (b"".join(b" " * i + b"a:\n" for i in range(1000)), "41:41: nested deeper than 40"),
    "41 deep": (b"[" * 41 + b"]" * 41, "1:41: nested deeper than 40"),
    "60,000 values": (b"[" + b"1," * 60_000 + b"]", "1:99998: more than 50,000 values"),
    "10 MB of text": (b"a: " + b"x" * 10_000_000, "1:1: the file is too long"),
    "10 MB of comment": (b"#" * 10_000_000, "1:1: the file is too long"),
    "one byte too many": (b"#" * 1_000_001, "1:1: the file is too long"),
    "key of 100,000 letters": (b"a" * 100_000 + b": 1", "1:100001: "),
    "900,000 commas": (b"[" + b"," * 900_000, "1:2: "),
    "key twice": (b"a: 1\nb: 2\na: 3\n", "3:1: 'a' stands twice"),
    "key twice further in": (b"a:\n  b: 1\n  b: 2\n", "3:3: 'b' stands twice"),
    "key twice, once quoted": (b"a: 1\n'a': 2\n", "2:1: 'a' stands twice"),
    "key twice, with a line break": (b'"a\\nb": 1\n"a\\nb": 2\n', "2:1: 'a\\nb' stands twice"),
    "merge key": (b"a: {<<: {b: 1}}\n", "1:5: merge keys"),
    "merge key in quotes": (b"'<<': {b: 1}\n", "1:1: merge keys"),
    "merge key of an alias": (b"a: &a {x: 1}\nb: {<<: *a}\n", "1:4: anchors and aliases"),
    "python/object/apply": (b"a: 1\nb: !!python/object/apply:os.system ['id']\n", "2:4: tags"),
    "python/object/new": (b"!!python/object/new:os.system ['id']\n", "1:1: tags"),
    "python/name": (b"a: !!python/name:os.system ''\n", "1:4: tags"),
    "python/tuple": (b"a: !!python/tuple [1]\n", "1:4: tags"),
    "binary": (b"a: !!binary aGk=\n", "1:4: tags"),
    "set": (b"!!set {a}\n", "1:1: tags"),
    "own tag": (b"a: !x 1\n", "1:4: tags"),
    "verbatim tag": (b"a: !<tag:yaml.org,2002:str> 1\n", "1:4: tags"),
    "tag that says nothing": (b"a: ! 1\n", "1:4: tags"),
    "tag of a directive": (b"%TAG !e! tag:example.com,2000:\n---\na: !e!x 1\n", "3:4: tags"),
    "tag nobody declared": (b"a: !e!x 1\n", "1:4: "),
    "two documents": (b"a: 1\n---\nb: 2\n", "2:1: expected a single document"),
    "text after the end": (b"a: 1\n...\nb: 2\n", "3:1: "),
    "YAML of another world": (b"%YAML 3.0\n---\na: 1\n", "1:1: "),
    "directive twice": (b"%YAML 1.1\n%YAML 1.1\n---\na: 1\n", "2:1: "),
    "unknown directive": (b"%FOO bar\n---\na: 1\n", "1:5: "),
    "list as a key": (b"? [a, b]\n: 1\n", "1:3: a key must be a word"),
    "mapping as a key": (b"? {a: b}\n: 1\n", "1:3: a key must be a word"),
    "no key": (b"a: 1\n: 1\n", "2:1: "),
    "no key in braces": (b"{: 1}\n", "1:2: "),
    "NUL": (b"a: 1\nb: x\x00\n", "2:5: control characters"),
    "NUL at once": (b"\x00", "1:1: control characters"),
    "escape sequence": (b"a: 1\nb: \x1b[31mred\n", "2:4: control characters"),
    "bell after umlauts": ("a: äöü\x07\n".encode(), "1:7: control characters"),
    "no character": ("a: \ufffe\n".encode(), "1:4: control characters"),
    "UTF-16": ("a: 1\n".encode("utf-16"), "1:1: the file is not UTF-8"),
    "Latin-1": ("a: 1\nb: é\n".encode("latin-1"), "2:4: the file is not UTF-8"),
    "Latin-1 after umlauts": ("a: ü".encode() + b"\xe9\n", "1:5: the file is not UTF-8"),
    "overlong UTF-8": (b"a: \xc0\xaf\n", "1:4: the file is not UTF-8"),
    "surrogate": (b"a: \xed\xa0\x80\n", "1:4: the file is not UTF-8"),
    "escaped surrogate": (b'a: "\\ud800"\n', "1:7: "),
    "escape beyond Unicode": (b'a: "\\UFFFFFFFF"\n', "1:7: "),
    "escape of nothing": (b'a: "\\xZZ"\n', "1:7: "),
    "tab": (b"a:\n\tb: 1\n", "2:1: "),
    "open quote": (b'a: 1\nb: "x\n', "3:1: while scanning a quoted scalar"),
    "900,000 quotes": (b"a: '" + b"''" * 400_000, "1:800005: while scanning a quoted scalar"),
    "open bracket": (b"a: [1, 2\n", "2:1: while parsing a flow sequence"),
    "closing bracket": (b"a: ]\n", "1:4: "),
    "wrong bracket": (b"a: [1}\n", "1:6: while parsing a flow sequence"),
    "at sign": (b"a: @x\n", "1:4: "),
    "backtick": (b"a: `x`\n", "1:4: "),
    "two colons": (b"a: b: c\n", "1:5: mapping values are not allowed"),
    "wrong indent": (b"a: 1\n  b: 2\n", "2:4: mapping values are not allowed"),
    "block without end": (b"a: |99\n x\n", "1:6: "),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_in_one_line_with_its_place(name: str) -> None:
    data, expected = HOSTILE[name]
    before = time.process_time()

    with pytest.raises(MistakeError) as caught:
        parse("conf/x.yml", data)

    assert time.process_time() - before < 1
    assert str(caught.value).startswith(f"conf/x.yml:{expected}")
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "data", [HOSTILE["alias bomb"][0], HOSTILE["60,000 values"][0], b"a: '" + b"x" * 990_000 + b"'"]
)
def test_parsing_takes_little_memory(data: bytes) -> None:
    tracemalloc.start()
    try:
        parse("f.yml", data)
    except MistakeError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert peak < 50_000_000


@pytest.mark.parametrize("file", ["conf/sparkjobs.yml", "conf/sources.yml", "conf/jobs/daily.yml"])
@pytest.mark.parametrize("name", ["alias bomb", "200 KB of [", "10 MB of text", "NUL", "UTF-16", "own tag"])
def test_a_hostile_file_of_a_project_is_its_only_mistake(tmp_path: Path, file: str, name: str) -> None:
    project(tmp_path, {file: HOSTILE[name][0]})

    mistakes = mistakes_of(tmp_path)

    assert len(mistakes) == 1
    assert re.match(rf"{re.escape(file)}:\d+:\d+: ", mistakes[0])


@pytest.mark.parametrize(
    "text",
    [
        'sales: {format: csv, path: "${landing}/x", columns: {"a\\nb": {}}}',
        'sales: {format: csv, path: "${landing}/x", columns: {a: {"b\\nc": 1}}}',
        'sales: {format: "c\\nsv", path: "${landing}/x", columns: {a: int}}',
        'sales: {format: csv, path: "${landing}/x\\n", columns: {a: int}}',
        'sales: {format: csv, path: "${land\\ning}/x", columns: {a: int}}',
        'sales: {format: csv, path: "${landing}/x", columns: {a: "in\\nt"}}',
        '"sa\\nles": {format: csv, path: "${landing}/x", columns: {a: int}}',
        'sales: {format: csv, path: "${landing}/x", columns: {a: {type: string, matches: "(\\n"}}}',
        "sales: {format: csv, path: '${landing}/x', columns: " + "x" * 100_000 + "}",
    ],
)
def test_hostile_words_stay_on_one_short_line(tmp_path: Path, text: str) -> None:
    mistakes = mistakes_of(project(tmp_path, {"conf/sources.yml": text}))

    assert mistakes
    for mistake in mistakes:
        assert mistake.startswith("conf/sources.yml:1:")
        assert mistake.isprintable()
        assert len(mistake) < 300
