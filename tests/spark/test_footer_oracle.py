"""What footers answer of random staged files, against what a scan answers and plain Python: nothing is estimated."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import inf, isnan, nan
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from sparkjobs.config import PlainOutput
from sparkjobs.publish import stage, staged_rows
from sparkjobs.quality import Given, judge
from sparkjobs.results import CheckResult
from tests.checks import NOW, checks_of

MANY = settings(
    max_examples=12, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)
"""Without shrinking, which takes minutes of Spark."""


class Row(NamedTuple):
    i: int | None
    n: Decimal | None
    day: date | None
    d: float | None
    s: str | None
    p: int | None
    q: str | None


SCHEMA = "i int, n decimal(10,2), day date, d double, s string, p int, q string"
WHOLE = (-(2**31), -1, 0, 1, 2, 2**31 - 1)
DECIMALS = tuple(map(Decimal, ("-99999999.99", "-0.01", "0.00", "1.10", "1.20", "99999999.99")))
DAYS = (date(1, 1, 1), date(1969, 12, 31), date(1970, 1, 1), date(2013, 2, 28), date(9999, 12, 31))
FLOATS = (nan, inf, -inf, 0.0, -0.0, 1.5)
TEXTS = ("", " ", "a", "é", "日本", "😀", "a\x00", "x" * 99)
PARTS = (0, 1, -7)
PLACES = ("é", "日 本", "a=b/%", "😀")
VALUES: dict[str, tuple[object, ...]] = {
    "i": WHOLE,
    "n": DECIMALS,
    "day": DAYS,
    "d": FLOATS,
    "s": TEXTS,
    "p": PARTS,
    "q": PLACES,
}
BOUNDS: dict[str, tuple[object, ...]] = {
    "i": (*WHOLE, Decimal("0.5"), 3_000_000_000),
    "n": (*DECIMALS, Decimal("1.105"), Decimal("-1e12")),
    "day": DAYS,
    "d": (-1, 0, 1.5),
    "p": (-7, 0, 1),
}
WHERE: dict[str, Callable[[Row], bool | None]] = {
    "i >= 0": lambda row: None if row.i is None else row.i >= 0,
    "s is null": lambda row: row.s is None,
    "p = 1": lambda row: None if row.p is None else row.p == 1,
    "q = 'é' or n > 1": lambda row: row.q == "é" or (row.n is not None and row.n > 1),
    "false": lambda _: False,
}
SOMETIMES = st.sampled_from([*[None] * 10, *WHERE])
TOLD = ("i", "n", "day")
"""The columns whose bounds footers tell."""


class Facts(NamedTuple):
    """What plain Python says of a check; without `failing` and `evaluated` where rows are not the unit."""

    passes: bool
    failing: int | None = None
    evaluated: int | None = None


@dataclass(frozen=True)
class Asked:
    """A check as conf writes it, and the same in plain Python."""

    kind: str
    text: str
    facts: Callable[[list[Row]], Facts]
    footer: Callable[[list[Row]], bool]
    """Whether the footers have to know the answer."""


def written(value: object) -> str:
    """A value as YAML."""
    return (
        f"'{value}'"
        if isinstance(value, date)
        else f"{value:f}"
        if isinstance(value, Decimal)
        else str(value)
    )


def counted(answers: list[bool | None], mostly: str) -> Facts:
    failing, evaluated = answers.count(False), len(answers) - answers.count(None)
    return Facts(failing == 0 or evaluated - failing >= Fraction(mostly) * evaluated, failing, evaluated)


@st.composite
def of_presence(draw: st.DrawFn, name: str) -> Asked:
    """not_null or null: of any column, counted by the footers unless some rows are not looked at."""
    kind, mostly = draw(st.sampled_from(["not_null", "null"])), draw(st.sampled_from(["1", "0.5", "0.34"]))
    where = draw(SOMETIMES)
    more = f', where: "{where}"' if where else ""
    rows_where = WHERE[where] if where else lambda _: True

    def facts(rows: list[Row]) -> Facts:
        wanted = kind == "null"
        looked_at = [getattr(row, name) for row in rows if rows_where(row)]
        return counted([(value is None) == wanted for value in looked_at], mostly)

    return Asked(kind, f"{kind}: {{column: {name}, mostly: {mostly}{more}}}", facts, lambda _: not where)


@st.composite
def of_range(draw: st.DrawFn, rows: list[Row]) -> Asked:
    """between: the footers know that all values lie in a range, where there is a value and no NaN."""
    name = draw(st.sampled_from([*TOLD, *TOLD, *BOUNDS]))
    low, high = draw(st.none() | st.sampled_from(BOUNDS[name])), draw(st.sampled_from(BOUNDS[name]))
    # bounds that the values just reach, or just do not
    tight = name in TOLD and draw(st.integers(0, 2)) > 0
    if tight and (there := sorted({getattr(row, name) for row in rows} - {None})):
        low, high = (
            draw(st.sampled_from([there[0], *there[:2]])),
            draw(st.sampled_from([there[-1], *there[-2:]])),
        )
    strict, where = draw(st.booleans()), draw(SOMETIMES)
    mostly = draw(st.sampled_from(["1", "0.5"]))
    given = {"max": high, **({} if low is None else {"min": low})}
    more = "".join(f", {key}: {written(value)}" for key, value in given.items())
    more += f', where: "{where}"' if where else ""
    rows_where = WHERE[where] if where else lambda _: True

    def lies(value: Any) -> bool | None:  # noqa: ANN401 (of whatever type its column has)
        if value is None:
            return None
        if isinstance(value, float) and isnan(value):
            return False
        above = low is None or (low < value if strict else low <= value)
        return bool(above and (value < high if strict else value <= high))

    def facts(rows: list[Row]) -> Facts:
        return counted([lies(getattr(row, name)) for row in rows if rows_where(row)], mostly)

    def footer(rows: list[Row]) -> bool:
        told = name in TOLD and not where
        return told and facts(rows).failing == 0 and any(getattr(row, name) is not None for row in rows)

    text = f"between: {{column: {name}, strict: {str(strict).lower()}, mostly: {mostly}{more}}}"
    return Asked("between", text, facts, footer)


@st.composite
def of_sign(draw: st.DrawFn) -> Asked:
    """positive or non_negative: as a range that begins at 0."""
    kind, name = (
        draw(st.sampled_from(["positive", "non_negative"])),
        draw(st.sampled_from(["i", "n", "d", "p"])),
    )

    def lies(value: Any) -> bool | None:  # noqa: ANN401 (of whatever type its column has)
        if value is None:
            return None
        return bool(value > 0 if kind == "positive" else value >= 0)

    def facts(rows: list[Row]) -> Facts:
        return counted([lies(getattr(row, name)) for row in rows], "1")

    def footer(rows: list[Row]) -> bool:
        filled = any(getattr(row, name) is not None for row in rows)
        return name in TOLD and filled and facts(rows).passes

    return Asked(kind, f"{kind}: {name}", facts, footer)


@st.composite
def of_count(draw: st.DrawFn) -> Asked:
    """row_count: of all rows by the footers; of some rows, or of each group, by looking."""
    low, high = draw(st.integers(0, 4)), draw(st.integers(2, 9))
    where, by = draw(SOMETIMES), draw(st.sampled_from(["", "p", "q"]))
    mostly = draw(st.sampled_from(["1", "0.5"])) if by else "1"
    more = (f', where: "{where}"' if where else "") + (f", group_by: [{by}], mostly: {mostly}" if by else "")
    rows_where = WHERE[where] if where else lambda _: True

    def facts(rows: list[Row]) -> Facts:
        looked_at = [row for row in rows if rows_where(row)]
        if not by:
            return Facts(low <= len(looked_at) <= high)
        groups = Counter(getattr(row, by) for row in looked_at)
        return counted([low <= count <= high for count in groups.values()], mostly)

    text = f"row_count: {{min: {low}, max: {high}{more}}}"
    return Asked("row_count", text, facts, lambda _: not (where or by))


def told(one: CheckResult, *, counts: bool) -> Facts:
    return Facts(one.status == "pass", *((one.failing, one.evaluated) if counts else ()))


ROWS = st.lists(
    st.builds(Row, *(st.none() | st.sampled_from(VALUES[name]) for name in Row._fields)), max_size=9
)
BY = st.sampled_from([(), ("p",), ("q", "p")])


@st.composite
def frames(draw: st.DrawFn) -> tuple[list[Row], list[Asked]]:
    """Rows, of which a column or two may be empty, and what is asked of them."""
    blank: dict[str, Any] = dict.fromkeys(draw(st.sets(st.sampled_from(Row._fields), max_size=2)))
    rows = [row._replace(**blank) for row in draw(ROWS)]
    presence = [draw(of_presence(name)) for name in Row._fields]
    ranges = draw(st.lists(of_range(rows), min_size=4, max_size=6))
    return rows, [
        *presence,
        *ranges,
        *(draw(of_sign()) for _ in range(3)),
        draw(of_count()),
        draw(of_count()),
    ]


def test_footers_answer_as_a_scan_and_plain_python_do(spark: SparkSession, tmp_path: Path) -> None:
    folders = (tmp_path / str(number) for number in range(1_000_000))
    answered: Counter[tuple[str, str, bool]] = Counter()

    @MANY
    @given(frame=frames(), by=BY)
    def hold(frame: tuple[list[Row], list[Asked]], by: tuple[str, ...]) -> None:
        rows, asked = frame
        output = PlainOutput(format="delta", path="unused", mode="overwrite", partition_by=by)
        staged = stage(spark, spark.createDataFrame(rows, SCHEMA), output, next(folders))
        read, checks = staged_rows(spark, staged), checks_of(*(one.text for one in asked))
        cheap = judge(spark, checks, staged, read, Given(NOW))
        dear = judge(spark, checks, None, read, Given(NOW))

        for one, by_footer, by_scan in zip(asked, cheap, dear, strict=True):
            facts = one.facts(rows)
            counts = facts.failing is not None
            assert told(by_footer, counts=counts) == told(by_scan, counts=counts) == facts, one.text
            assert (by_footer.source == "footer") >= one.footer(rows), one.text
            assert by_scan.source != "footer"
            answered[one.kind, by_footer.source, facts.passes] += 1

    hold()
    assert {kind for kind, source, _ in answered if source == "footer"} == {
        "not_null",
        "null",
        "between",
        "positive",
        "non_negative",
        "row_count",
    }
    assert {("not_null", "footer", False), ("between", "footer", True), ("between", "scan", False)} <= set(
        answered
    )
