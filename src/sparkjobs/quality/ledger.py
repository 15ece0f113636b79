"""The ledger of an input: read = valid + quarantined, from counts that do not depend on each other.

The observation above the scan says how many records were seen and how many were bad; the lines of
the quarantine are counted in its files. Where the two disagree, or the observation cannot be trusted,
the input is counted again in a pass of its own.
"""

from fractions import Fraction
from pathlib import Path

from pyspark.sql import SparkSession

from sparkjobs import jvm
from sparkjobs.errors import LedgerError, TooManyBadRowsError
from sparkjobs.plan import Replayed
from sparkjobs.quality.contract import Contracted, Counts
from sparkjobs.quality.quarantine import Rejected, quarantine
from sparkjobs.results import Ledger


def settle(
    spark: SparkSession, contracted: Contracted, rejected: Rejected, folder: Path, *, read_once: bool = True
) -> Ledger:
    """Write the bad rows of an input to `folder`, and its ledger.

    `read_once` is False where the job may have read its rows in part, or more than once.

    Raises:
        TooManyBadRowsError: there are more than the source allows.
        LedgerError: the ledger does not add up, though it was counted again.
    """
    counts = _known(spark, contracted, rejected, read_once=read_once)
    counts = counts or contracted.count()
    written = quarantine(contracted, rejected, folder) if counts.bad > contracted.headers else 0
    if written != counts.bad - contracted.headers:
        counts = contracted.count()
    valid = counts.seen - counts.bad
    ledger = Ledger(
        rejected.input, counts.seen - contracted.headers, valid, written, counts.high, counts.warned
    )
    if not ledger.exact:
        raise LedgerError(rejected.job, rejected.input, ledger.read, ledger.valid, ledger.quarantined)
    # of rows that were rejected before, any number may be rejected again
    if not isinstance(contracted.planned.part, Replayed):
        _refuse_too_many(contracted, rejected.job, ledger, folder)
    return ledger


def _known(
    spark: SparkSession, contracted: Contracted, rejected: Rejected, *, read_once: bool
) -> Counts | None:
    """The counts that came for free; None when they cannot be trusted."""
    if contracted.counts or contracted.observation is None or not read_once:
        return contracted.counts
    observed = jvm.observed(spark, contracted.observation)
    # a join with nothing may have read nothing
    if observed is None or observed["seen"] == 0 or observed["bad"] < contracted.headers:
        return None
    if jvm.retried(spark, rejected.run_id, rejected.job):
        return None
    return contracted.counted(observed)


def _refuse_too_many(contracted: Contracted, job: str, ledger: Ledger, folder: Path) -> None:
    allowed = contracted.planned.conf.bad_rows
    limit = Fraction("0" if allowed.action == "fail" else str(allowed.max_share))
    if ledger.quarantined > limit * ledger.read:
        told = "none" if limit == 0 else f"a share of {allowed.max_share:g}"
        raise TooManyBadRowsError(
            job, contracted.planned.source, ledger.quarantined, ledger.read, told, str(folder)
        )
