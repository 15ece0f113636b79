"""PySpark batch jobs that lose nothing, double nothing, publish nothing wrong and hide nothing."""

from sparkjobs.registry import check, job

__all__ = ["check", "job"]
