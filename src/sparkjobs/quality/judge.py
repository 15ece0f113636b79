"""The judge: every check is decided on the staged files, from the cheapest exact source.

The schema, recorded profiles and Parquet's footers first; then one scan that names only the columns it
needs, for all checks together; then one narrow pass per set of key columns; then what needs a pass of its
own.
"""

from dataclasses import dataclass, replace
from itertools import groupby

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession

from sparkjobs.checks.questions import Finding, Groups, Measure, Pass, Share
from sparkjobs.plan import PlannedCheck
from sparkjobs.quality.asking import (
    Answer,
    Given,
    Kept,
    answers,
    grouped,
    groups_of,
    looked_at,
    question_of,
    samples,
    share_of,
    shown,
    sought,
    weighted,
    where_of,
)
from sparkjobs.quality.bitmaps import all_differ
from sparkjobs.quality.verdict import counted, found, measured, not_evaluated
from sparkjobs.results import AnsweredBy, CheckResult, Staged
from sparkjobs.session import root_cause
from sparkjobs.transient import transient


@dataclass(frozen=True, slots=True)
class _Open:
    """A check that has to look at rows."""

    place: int
    check: PlannedCheck
    question: Column | Measure | Groups | Pass

    @property
    def shared(self) -> tuple[str, ...]:
        """What checks have in common that are answered by one pass; its first word is the source."""
        conf = self.check.conf
        match self.question:
            case Groups(columns=columns):
                return "keys", conf.where or "", *[one.name for one in columns]
            case Pass():
                return "pass", str(self.place)
            case _ if conf.group_by:
                return "by", conf.where or "", *conf.group_by
            case _:
                return ("scan",)


def judge(
    spark: SparkSession,
    checks: tuple[PlannedCheck, ...],
    staged: Staged | None,
    rows: DataFrame,
    given: Given,
) -> tuple[CheckResult, ...]:
    """The results of `checks`, in their order.

    `rows` are the staged rows; without `staged` there are no footers to look at.
    """
    results: dict[int, CheckResult] = {}
    waiting: list[_Open] = []
    for place, check in enumerate(checks):
        outcome = _known(check, staged, rows) or _question(spark, check, rows, given)
        if isinstance(outcome, Groups) and check.function.distinct and _proven(check, given):
            outcome = found(check, Finding(holds=True, observed="the plan groups by them"), "plan")
        if isinstance(outcome, CheckResult):
            results[place] = outcome
        else:
            waiting.append(_Open(place, check, outcome))
    waiting.sort(key=lambda one: (one.shared, one.place))
    for _, same in groupby(waiting, lambda one: one.shared):
        together = tuple(same)
        results |= _unique(together, staged, rows, given) or _answered(spark, together, rows, given.kept)
    return tuple(results[place] for place in sorted(results))


def _known(check: PlannedCheck, staged: Staged | None, rows: DataFrame) -> CheckResult | None:
    """What is known of a check without looking at rows."""
    for name in (*check.columns, *check.conf.group_by):
        if name not in rows.columns:
            return not_evaluated(check, f"there is no column {name!r}")
    footer = check.function.footer
    if staged is None or footer is None or check.conf.where or check.conf.group_by:
        return None
    finding = footer(staged, *check.columns, **check.arguments)
    return None if finding is None else found(check, finding, "footer")


def _question(
    spark: SparkSession, check: PlannedCheck, rows: DataFrame, given: Given
) -> CheckResult | Column | Measure | Groups | Pass:
    """What a check asks of `rows`."""
    try:
        question = question_of(spark, check, rows.schema, given)
    except (PySparkException, ArithmeticError, ValueError) as error:
        return not_evaluated(check, root_cause(error))
    source: AnsweredBy = "history" if check.function.answered_by == "history" else "plan"
    return found(check, question, source) if isinstance(question, Finding) else question


def _proven(check: PlannedCheck, given: Given) -> bool:
    """Whether no two rows of the resulting table can agree in the columns of `check`."""
    return any(key <= set(check.columns) for key in given.distinct()) and given.kept(check.columns) is None


def _unique(
    together: tuple[_Open, ...], staged: Staged | None, rows: DataFrame, given: Given
) -> dict[int, CheckResult]:
    """The results of checks that only ask whether keys are unique, where that needs no grouping of them."""
    first = together[0].check
    if staged is None or first.conf.where or not all(one.check.function.distinct for one in together):
        return {}
    if given.kept(first.columns) is not None:
        return {}
    count = all_differ(rows, staged, first.columns)
    return {} if count is None else {one.place: counted(one.check, 0, count, "keys") for one in together}


def _answered(
    spark: SparkSession, together: tuple[_Open, ...], rows: DataFrame, kept: Kept
) -> dict[int, CheckResult]:
    """The results of checks that share one pass; one that cannot be asked spoils it for no other."""
    try:
        frame, asks = _pass(spark, together, rows, kept)
        told = answers(frame, asks)
    except (PySparkException, ValueError) as error:
        if transient(error):
            raise
        if len(together) == 1:
            return {one.place: not_evaluated(one.check, root_cause(error)) for one in together}
        return {
            place: result
            for one in together
            for place, result in _answered(spark, (one,), rows, kept).items()
        }
    results = {
        one.place: _result(one, ask, answer) for one, ask, answer in zip(together, asks, told, strict=True)
    }
    return results | _sampled(spark, together, frame, results)


def _sampled(
    spark: SparkSession, together: tuple[_Open, ...], frame: DataFrame, results: dict[int, CheckResult]
) -> dict[int, CheckResult]:
    """The results of checks that are broken, with some of what breaks them."""
    bad = [one for one in together if results[one.place].status in ("fail", "warn")]
    broken = {one.place: rows for one in bad if (rows := _broken(spark, one, frame)) is not None}
    try:
        frames = {one.place: shown(one.check, broken[one.place]) for one in bad if one.place in broken}
        return {place: replace(results[place], sample=sample) for place, sample in samples(frames).items()}
    except PySparkException as error:  # two columns of one name, say: the verdict stands without a sample
        if transient(error):
            raise
        return {}


def _broken(spark: SparkSession, one: _Open, frame: DataFrame) -> DataFrame | None:
    """The rows or groups that break a check, where it can tell them."""
    match one.question:
        case Groups(ask=Column() as holds):
            return frame.filter(~holds)
        case Column() as holds:
            return frame.filter(where_of(spark, one.check) & ~holds)
        case Pass(broken=True):
            return frame
        case _:
            return None


def _pass(
    spark: SparkSession, together: tuple[_Open, ...], rows: DataFrame, kept: Kept
) -> tuple[DataFrame, list[Share | Measure]]:
    """The frame that answers some checks, and what is asked of it."""
    first = together[0].check
    questions = [one.question for one in together]
    match questions[0]:
        case Groups(columns=columns):
            asked = [one for one in questions if isinstance(one, Groups)]
            beside = kept(first.columns) if any(one.in_table for one in asked) else None
            stay = None if beside is None else looked_at(spark, first, beside)
            frame = groups_of(looked_at(spark, first, rows), columns, stay)
            frame = sought(
                frame, columns, {one.sought.flag: one.sought for one in asked if one.sought}.values()
            )
            return frame, [weighted(one.ask) if isinstance(one.ask, Column) else one.ask for one in asked]
        case Pass(through=through, ask=ask):
            return through(looked_at(spark, first, rows)), [ask]
        case _ if first.conf.group_by:
            measures = [one for one in questions if isinstance(one, Measure)]
            return grouped(looked_at(spark, first, rows), first.conf.group_by, measures)
        case _:
            return rows, [_scanned(spark, one) for one in together]


def _scanned(spark: SparkSession, one: _Open) -> Share | Measure:
    if isinstance(one.question, Column):
        return share_of(one.question, where_of(spark, one.check))
    assert isinstance(one.question, Measure), one  # noqa: S101 (the others have passes of their own)
    return one.question


def _result(one: _Open, ask: Share | Measure, answer: Answer) -> CheckResult:
    source = "keys" if one.check.conf.group_by else one.check.function.answered_by
    if isinstance(ask, Measure):
        value, holds = answer
        return measured(one.check, value, ask.wanted, source, holds=bool(holds))
    failing, evaluated = answer
    return counted(one.check, failing, evaluated, source)
