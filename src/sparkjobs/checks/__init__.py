"""The checks: a module per kind of question, a function per check, with a green and a red example each.

Here: what a check asks of the rows. A project's own checks are written alike, in its own packages.
Not here: asking it (quality), how strictly it is judged (conf).
"""

from sparkjobs.checks.questions import (
    ALL,
    Finding,
    Groups,
    Measure,
    N,
    Pass,
    Question,
    Share,
    Sought,
    Subject,
)
from sparkjobs.results import History

__all__ = [
    "ALL",
    "Finding",
    "Groups",
    "History",
    "Measure",
    "N",
    "Pass",
    "Question",
    "Share",
    "Sought",
    "Subject",
]
