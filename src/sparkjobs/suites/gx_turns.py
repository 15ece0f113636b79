"""Great Expectations' arguments where more than their names differ from ours."""

from collections.abc import Iterable
from typing import Final

from sparkjobs.config.node import Plain
from sparkjobs.sql import quoted
from sparkjobs.suites.model import Given, NoEqualError, Ours
from sparkjobs.suites.others import equal_row_count, in_catalog
from sparkjobs.suites.phrases import alone, flag, listed, names, searched, whole

_LEFT_OUT: Final = ("either_value_is_missing", "any_value_is_missing")
_PAIR: Final = 2
_TYPES: Final = {
    "BooleanType": "boolean",
    "ByteType": "tinyint",
    "ShortType": "smallint",
    "IntegerType": "int",
    "LongType": "bigint",
    "FloatType": "float",
    "DoubleType": "double",
    "StringType": "string",
    "BinaryType": "binary",
    "DateType": "date",
    "TimestampType": "timestamp",
    "TimestampNTZType": "timestamp_ntz",
}


def between(given: Given) -> Iterable[Ours]:
    """Two checks where one bound may be reached and the other may not."""
    strict = {key: flag(given, f"strict_{key}") for key in ("min", "max") if key in given.ours}
    if len(set(strict.values())) <= 1:
        return [Ours("between", {**given.ours, **_strict(any(strict.values()))})]
    if "mostly" in given.ours:
        raise NoEqualError("one bound may be reached and one may not; 'mostly' counts both together")
    column = given.ours.get("column")
    return [
        Ours("between", {"column": column, key: given.ours[key], **_strict(strict[key])}) for key in strict
    ]


def whole_bounds(given: Given) -> Iterable[Ours]:
    """Bounds of a count: instead of one that may not be reached, the next one."""
    ours = dict(given.ours)
    for key, step in (("min", 1), ("max", -1)):
        if key in ours:
            ours[key] = whole(ours[key]) + (step if flag(given, f"strict_{key}") else 0)
    return [Ours(kind, ours) for kind in given.kinds]


def whole_bounds_of_list(given: Given) -> Iterable[Ours]:
    """The same of a column that stands in a list here."""
    (one,) = whole_bounds(given)
    return [Ours(one.kind, {**one.arguments, "columns": (one.arguments.get("columns"),)})]


def whole_number(given: Given) -> Iterable[Ours]:
    """A count that is exactly so."""
    equals = whole(given.ours.get("equals"))
    return [Ours(kind, {**given.ours, "equals": equals}) for kind in given.kinds]


def as_many_rows(given: Given) -> Iterable[Ours]:
    """As many rows as another table has."""
    return [equal_row_count(in_catalog(given.theirs.get("other_table_name")))]


def in_a_list(given: Given) -> Iterable[Ours]:
    """A column that stands in a list here."""
    return [Ours(kind, {**given.ours, "columns": (given.ours.get("columns"),)}) for kind in given.kinds]


def found(given: Given) -> Iterable[Ours]:
    """A pattern that is looked for in the text."""
    pattern = searched(given.ours.get("pattern"))
    return [Ours(kind, {**given.ours, "pattern": pattern}) for kind in given.kinds]


def found_of_several(given: Given) -> Iterable[Ours]:
    """Patterns of which any, or all, are looked for in the text."""
    key = {"any": "any_of", "all": "all_of"}.get(str(given.theirs.get("match_on", "any")))
    if key is None:
        raise NoEqualError("'match_on' is neither any nor all")
    ours = dict(given.ours)
    patterns = tuple(map(searched, alone(ours.pop("any_of", None))))
    return [Ours("matches", {"column": ours.pop("column", None), key: patterns, **ours})]


def none_found(given: Given) -> Iterable[Ours]:
    """Patterns of which none is found in the text."""
    patterns = alone(given.ours.get("pattern"))
    joined = patterns[0] if len(patterns) == 1 else "|".join(f"(?:{one})" for one in patterns)
    return [Ours("not_matches", {**given.ours, "pattern": searched(joined)})]


def alike(given: Given) -> Iterable[Ours]:
    """A LIKE pattern, whose escapes differ from database to database."""
    pattern = given.ours.get("pattern")
    if not isinstance(pattern, str) or "\\" in pattern:
        raise NoEqualError("what a backslash means to LIKE depends on the database")
    return [Ours(kind, given.ours) for kind in given.kinds]


def each_alike(given: Given) -> Iterable[Ours]:
    """LIKE patterns that all hold, a check for each."""
    patterns = listed(given.ours.get("pattern"))
    all_hold = given.kinds == ("not_like",) or given.theirs.get("match_on") == "all"
    if len(patterns) > 1 and (not all_hold or "mostly" in given.ours):
        raise NoEqualError("several patterns are several checks here, of which each must hold in every row")
    several = (Given(given.kinds, {}, {**given.ours, "pattern": one}, given.filled) for one in patterns)
    return [check for one in several for check in alike(one)]


def typed(given: Given) -> Iterable[Ours]:
    """A column's type, which is a class of pyspark.sql.types there."""
    wanted = given.theirs.get("type_list", (given.theirs.get("type_"),))
    unknown = [one for one in listed(wanted) if one not in _TYPES]
    if unknown:
        raise NoEqualError(f"{str(unknown[0])[:60]!r} is no type of Spark's that has no parameters")
    types = tuple(_TYPES[str(one)] for one in listed(wanted))
    column = str(given.theirs.get("column"))
    return [Ours("column_types", {"types": {column: types if len(types) > 1 else types[0]}})]


def there(given: Given) -> Iterable[Ours]:
    """That a column exists, among others."""
    return [Ours("column_names", {"names": (given.theirs.get("column"),), "exactly": False})]


def often(given: Given) -> Iterable[Ours]:
    """The most common value, which may occur as often as another."""
    if given.theirs.get("ties_okay") is not True:
        raise NoEqualError("ours lets values tie; it could be said with ties_okay: true")
    return [Ours("most_common", given.ours)]


def share_filled(given: Given) -> Iterable[Ours]:
    """The share of rows that hold a value."""
    column = given.theirs.get("column")
    if not isinstance(column, str):
        raise NoEqualError("a column was expected")
    return [Ours("share", {"expr": f"{quoted(column)} is not null", **given.ours})]


def greater(given: Given) -> Iterable[Ours]:
    """A is greater than B: B comes first, and null is no answer."""
    columns = _pair(given)
    if "mostly" in given.ours:
        _refuse_nulls(given, columns)
    strict = not flag(given, "or_equal")
    return [Ours("ordered", {"columns": columns[::-1], **_strict(strict), **given.ours})]


def of_a_pair(given: Given) -> Iterable[Ours]:
    """A comparison of two columns, to which a null is a value there."""
    columns = _pair(given)
    _refuse_nulls(given, columns)
    return [Ours(kind, {"columns": columns, **given.ours}) for kind in given.kinds]


def of_columns(given: Given) -> Iterable[Ours]:
    """A question to all columns of a row, to which a null is a value there."""
    _refuse_nulls(given, names(given.ours.get("columns")))
    return [Ours(kind, given.ours) for kind in given.kinds]


def all_equal(given: Given) -> Iterable[Ours]:
    """All columns hold the same. Of three, ours sees that two differ beside a null."""
    columns = names(given.ours.get("columns"))
    _refuse_nulls(given, columns, leaving_out=len(columns) == _PAIR)
    return [Ours("equal_columns", given.ours)]


def all_different(given: Given) -> Iterable[Ours]:
    """No two columns hold the same. Beside one null, theirs passes a pair."""
    columns = names(given.ours.get("columns"))
    ignored = given.theirs.get("ignore_row_if", "all_values_are_missing")
    passes = len(columns) == _PAIR and ignored == "all_values_are_missing" and "mostly" not in given.ours
    if not passes:
        _refuse_nulls(given, columns, leaving_out=len(columns) == _PAIR)
    return [Ours("different_columns", given.ours)]


def _pair(given: Given) -> tuple[str, ...]:
    return names((given.theirs.get("column_A"), given.theirs.get("column_B")))


def _refuse_nulls(given: Given, columns: tuple[str, ...], *, leaving_out: bool = True) -> None:
    """Refuse what differs where a column holds null, unless none does or such rows are left out."""
    if set(columns) <= given.filled or (leaving_out and given.theirs.get("ignore_row_if") in _LEFT_OUT):
        return
    raise NoEqualError(
        "theirs judges rows with a null in one of the columns; with a not_null of each it could be said"
    )


def _strict(strict: bool) -> dict[str, Plain]:  # noqa: FBT001 (the value itself)
    return {"strict": True} if strict else {}
