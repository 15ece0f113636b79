"""YAML 1.2 values, and the place of everything that was written."""

import pytest

from sparkjobs.config.node import Mark, MistakeError, Node, find, merged, nested, parse, plain, scalar

VALUES: list[tuple[str, object]] = [
    ("no", "no"),
    ("on", "on"),
    ("off", "off"),
    ("yes", "yes"),
    ("y", "y"),
    ("No", "No"),
    ("012", 12),
    ("0o14", "0o14"),
    ("0x1f", "0x1f"),
    ("-7", -7),
    ("+7", 7),
    ("1_000", "1_000"),
    ("1:30", "1:30"),
    ("190:20:30", "190:20:30"),
    ("2013-01-01", "2013-01-01"),
    ("2013-01-01T00:00:00Z", "2013-01-01T00:00:00Z"),
    ("1e3", 1000.0),
    ("1.5E-3", 0.0015),
    (".5", 0.5),
    ("1.", 1.0),
    (".", "."),
    ("1.2.3", "1.2.3"),
    (".inf", ".inf"),
    (".nan", ".nan"),
    ("true", True),
    ("FALSE", False),
    ("tRue", "tRue"),
    ("null", None),
    ("~", None),
    ("", None),
    ("nil", "nil"),
    ("'012'", "012"),
    ('"true"', "true"),
    ("'null'", "null"),
    ('"1e3"', "1e3"),
    ("''", ""),
    ("<<", "<<"),
    ("=", "="),
]


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_a_scalar_means_what_yaml_1_2_says(text: str, expected: object) -> None:
    actual = plain(parse("f.yml", f"a: {text}\n".encode()))

    assert actual == {"a": expected}
    assert isinstance(actual, dict)
    assert type(actual["a"]) is type(expected)


def test_a_block_scalar_stays_text() -> None:
    assert plain(parse("f.yml", b"a: |-\n  012\nb: >-\n  no\n  on\n")) == {"a": "012", "b": "no on"}


def test_whole_numbers_of_18_digits_are_exact() -> None:
    assert scalar("999999999999999999") == 999_999_999_999_999_999


@pytest.mark.parametrize("data", [b"", b"# only a comment\n", b"\xef\xbb\xbf", b"---\n"])
def test_an_empty_file_is_an_empty_mapping(data: bytes) -> None:
    assert plain(parse("f.yml", data)) in ({}, None)


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert plain(parse("f.yml", b"\xef\xbb\xbfa: 1\n")) == {"a": 1}


def test_every_line_end_is_a_line_end() -> None:
    assert plain(parse("f.yml", b"a: 1\r\nb: 2\rc: 3\n")) == {"a": 1, "b": 2, "c": 3}


def test_places_count_from_1_and_point_at_keys_and_items() -> None:
    node = parse("f.yml", b"a: 1\nb:\n  - x\n  - {y: 2}\n")

    assert find(node, ("a",)) == Mark("f.yml", 1, 1)
    assert find(node, ("b",)) == Mark("f.yml", 2, 1)
    assert find(node, ("b", 0)) == Mark("f.yml", 3, 5)
    assert find(node, ("b", 1, "y")) == Mark("f.yml", 4, 6)


def test_a_place_that_nobody_wrote_is_the_nearest_above_it() -> None:
    node = parse("f.yml", b"a:\n  b: 1\n")

    assert find(node, ("a", "tag of a union", "b")) == Mark("f.yml", 2, 3)
    assert find(node, ("a", "c")) == Mark("f.yml", 1, 1)
    assert find(node, ("a", 5)) == Mark("f.yml", 1, 1)


def test_a_layer_replaces_leaves_and_lists_and_merges_mappings() -> None:
    base = parse("base.yml", b"a: {x: 1, y: 2}\nb: [1, 2]\nc: 3\n")
    over = parse("over.yml", b"a: {y: 5}\nb: [9]\nd: 4\n")

    assert plain(merged(base, over)) == {"a": {"x": 1, "y": 5}, "b": (9,), "c": 3, "d": 4}


def test_a_layer_moves_the_place_of_nothing_but_what_it_sets() -> None:
    base = parse("base.yml", b"a:\n  x: 1\n  y: 2\n")
    over = nested(("a", "y"), Node(5, Mark("over.yml", 7, 7)))

    both = merged(base, over)

    assert find(both, ("a",)) == Mark("base.yml", 1, 1)
    assert find(both, ("a", "x")) == Mark("base.yml", 2, 3)
    assert find(both, ("a", "y")) == Mark("over.yml", 7, 7)


def test_a_key_that_stands_twice_names_both_places() -> None:
    with pytest.raises(MistakeError, match=r"^f\.yml:3:1: 'a' stands twice; first at f\.yml:1:1$"):
        parse("f.yml", b"a: 1\nb: 2\na: 3\n")
