"""Quality: the contract of an input, the quarantine, the ledger, and the checks on staged files.

Here: what makes a row bad, what becomes of it, and the verdict on a result.
Not here: reading a source (read), making files a table (publish).
"""

from sparkjobs.quality.asking import Given
from sparkjobs.quality.contract import Contracted, apply
from sparkjobs.quality.counted import Counted, counted, tally
from sparkjobs.quality.judge import judge
from sparkjobs.quality.ledger import settle
from sparkjobs.quality.profile import history_of, profile_of
from sparkjobs.quality.quarantine import Rejected
from sparkjobs.quality.sketches import estimated
from sparkjobs.quality.verdict import blocks, warned

__all__ = [
    "Contracted",
    "Counted",
    "Given",
    "Rejected",
    "apply",
    "blocks",
    "counted",
    "estimated",
    "history_of",
    "judge",
    "profile_of",
    "settle",
    "tally",
    "warned",
]
