"""Every error: its sentences, its exit code, and that it survives pickling."""

import pickle
import re
from dataclasses import fields
from string import Formatter
from typing import get_type_hints

import pytest

from sparkjobs import errors
from sparkjobs.errors import CheckFailedError, ConfigError, InputError, LockHeldError, SparkjobsError

SAMPLES: dict[object, object] = {str: "a {b} %s\\n", int: 7, tuple[str, ...]: ("one {x}", "two")}


def _below(kind: type[SparkjobsError]) -> list[type[SparkjobsError]]:
    return [kind, *(one for child in kind.__subclasses__() for one in _below(child))]


ALL = _below(SparkjobsError)
CONCRETE = [kind for kind in ALL if not kind.__subclasses__()]
TREE = {
    name: (int(code), "(retryable)" in rest)
    for name, code, rest in re.findall(r"── (\w+) +exit (\d+)(.*)", errors.__doc__ or "")
}


def _built(kind: type[SparkjobsError]) -> SparkjobsError:
    hints = get_type_hints(kind)
    return kind(*(SAMPLES[hints[field.name]] for field in fields(kind)))


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    assert {kind.__name__ for kind in CONCRETE} == set(TREE)
    drawn = re.findall(r"── (\w+)|^(\w+Error)$", errors.__doc__ or "", re.MULTILINE)
    assert {one or two for one, two in drawn} == {kind.__name__ for kind in ALL}


def test_the_tree_is_indented_as_the_classes_descend() -> None:
    above: dict[int, str] = {0: "SparkjobsError"}
    for indent, name in re.findall(r"^([│ ]*[├└]── )(\w+)", errors.__doc__ or "", re.MULTILINE):
        depth = len(indent) // 4
        above[depth] = name
        assert [base.__name__ for base in getattr(errors, name).__bases__] == [above[depth - 1]]


@pytest.mark.parametrize("kind", CONCRETE)
def test_an_error_has_the_exit_code_and_retryability_of_the_tree(kind: type[SparkjobsError]) -> None:
    assert (kind.exit_code, kind.retryable) == TREE[kind.__name__]


@pytest.mark.parametrize("kind", ALL)
def test_the_sentences_name_only_fields_of_their_class(kind: type[SparkjobsError]) -> None:
    known = {field.name for field in fields(kind)}
    for text in (kind.what, kind.state, kind.hint):
        assert {name for _, name, _, _ in Formatter().parse(text) if name is not None} <= known


@pytest.mark.parametrize("kind", CONCRETE)
def test_an_error_tells_all_its_facts_whatever_they_hold(kind: type[SparkjobsError]) -> None:
    text = str(_built(kind))

    assert text
    for field in fields(kind):
        sample = SAMPLES[get_type_hints(kind)[field.name]]
        for one in sample if isinstance(sample, tuple) else (sample,):
            assert str(one) in text or repr(one) in text


@pytest.mark.parametrize("kind", CONCRETE)
def test_an_error_survives_pickling(kind: type[SparkjobsError]) -> None:
    error = _built(kind)

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)

    assert type(again) is kind
    assert str(again) == str(error)
    assert [getattr(again, field.name) for field in fields(kind)] == [
        getattr(error, field.name) for field in fields(kind)
    ]


@pytest.mark.parametrize("kind", CONCRETE)
def test_an_error_says_what_to_type_next(kind: type[SparkjobsError]) -> None:
    assert kind is ConfigError or kind.hint


def test_an_error_is_three_sentences() -> None:
    assert str(LockHeldError("daily", "/w/daily", "run 7")) == (
        "'daily': /w/daily is being written by run 7.\n"
        "Nothing was published; readers see what they saw before.\n"
        "Wait for that run to end, then `sparkjobs run daily`."
    )


def test_mistakes_are_all_told_and_counted() -> None:
    assert str(ConfigError(("a:1:1: x", "b:1:1: y"))) == (
        "a:1:1: x\nb:1:1: y\n2 mistakes in the configuration; nothing was run."
    )
    assert str(ConfigError(("a:1:1: x",))).endswith("1 mistake in the configuration; nothing was run.")


def test_a_million_problems_fit_one_screen() -> None:
    many = tuple(f"problem {number}" for number in range(1_000_000))

    for error in (InputError("sales", many, "Mend them."), CheckFailedError("daily", many, "/staged")):
        lines = str(error).splitlines()
        assert len(lines) == 8
        assert lines[5].endswith("and 999995 more")
