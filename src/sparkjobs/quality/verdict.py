"""From answers to results: three-valued logic, `mostly` and severity in one place."""

from fractions import Fraction

from sparkjobs.checks.questions import Finding
from sparkjobs.plan import PlannedCheck
from sparkjobs.results import AnsweredBy, CheckResult, CheckStatus, Ledger


def found(check: PlannedCheck, finding: Finding, source: AnsweredBy) -> CheckResult:
    """The result of a check that was answered without looking at rows."""
    if finding.failing is not None and finding.evaluated is not None:
        return counted(check, finding.failing, finding.evaluated, source)
    status = "learning" if finding.learning else _status(check, holds=finding.holds)
    return _result(check, status, finding.observed, source)


def counted(check: PlannedCheck, failing: int, evaluated: int, source: AnsweredBy) -> CheckResult:
    """Pass when at least `mostly` of what was evaluated passes; where nothing was, nothing is broken."""
    mostly = Fraction(str(check.conf.mostly))
    holds = failing == 0 or (evaluated - failing) >= mostly * evaluated
    unit = "groups" if check.conf.group_by else "rows"
    observed = f"{failing:,} of {evaluated:,} {unit}" if evaluated else f"no {unit} to evaluate"
    return _result(check, _status(check, holds=holds), observed, source, failing, evaluated)


def measured(
    check: PlannedCheck, value: object, wanted: str, source: AnsweredBy, *, holds: bool
) -> CheckResult:
    """Pass when one value of all rows is as wanted."""
    told = "no rows to evaluate" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    return _result(check, _status(check, holds=holds), f"{told}, wanted {wanted}", source)


def warned(ledger: Ledger) -> tuple[CheckResult, ...]:
    """What the warnings of an input's contract found."""
    return tuple(
        CheckResult(
            f"{ledger.input}: {rule}",
            "warn",
            "warn" if failing else "pass",
            f"{failing:,} of {ledger.read:,} rows",
            failing,
            ledger.read,
            "contract",
        )
        for rule, failing in ledger.warned
    )


def not_evaluated(check: PlannedCheck, why: str) -> CheckResult:
    """A check that could not be judged is never a pass."""
    return _result(check, "error", why, check.function.answered_by)


def blocks(result: CheckResult) -> bool:
    """Whether nothing may be published because of this result."""
    return result.severity == "error" and result.status in ("fail", "error")


def _status(check: PlannedCheck, *, holds: bool) -> CheckStatus:
    if holds:
        return "pass"
    return "fail" if check.conf.severity == "error" else "warn"


def _result(
    check: PlannedCheck,
    status: CheckStatus,
    observed: str,
    source: AnsweredBy,
    failing: int | None = None,
    evaluated: int | None = None,
) -> CheckResult:
    description = check.conf.description
    return CheckResult(
        check.name, check.conf.severity, status, observed, failing, evaluated, source, description
    )
