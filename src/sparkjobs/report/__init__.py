"""The report of a run: one HTML page for people, made from what the run recorded and nothing else.

Here: what the page says and in which order, its template and style, its small charts.
Not here: what is recorded (record), what a terminal shows (terminal).
"""

from sparkjobs.report.page import page, write_report

__all__ = ["page", "write_report"]
