"""From counts to a result: three-valued logic, `mostly` and severity in one place."""

from fractions import Fraction
from typing import Literal

from sparkjobs.config.checks import Check, RowCount
from sparkjobs.results import CheckResult, CheckStatus


def judged(
    name: str,
    check: Check,
    *,
    failing: int,
    evaluated: int,
    source: Literal["footer", "scan", "keys"],
) -> CheckResult:
    """Pass when at least `mostly` of the evaluated rows pass; no evaluated rows break nothing."""
    mostly = Fraction("1" if isinstance(check, RowCount) else str(check.mostly))
    holds = failing == 0 or (evaluated - failing) >= mostly * evaluated
    observed = f"{failing:,} of {evaluated:,} rows" if evaluated else "no rows to evaluate"
    return CheckResult(
        name, check.severity, status_of(check, holds=holds), observed, failing, evaluated, source
    )


def status_of(check: Check, *, holds: bool) -> CheckStatus:
    """What a judgement is called, given the check's severity."""
    if holds:
        return "pass"
    return "fail" if check.severity == "error" else "warn"


def not_evaluated(name: str, check: Check, why: str) -> CheckResult:
    """A check that could not be judged is never a pass."""
    return CheckResult(name, check.severity, "error", why, None, None, "scan")


def blocks(result: CheckResult) -> bool:
    """Whether nothing may be published because of this result."""
    return result.severity == "error" and result.status in ("fail", "error")
