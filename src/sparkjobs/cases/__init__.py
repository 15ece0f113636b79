"""Cases: tests of a job in rows, in tests/**/test_*.yml. What is judged is the table that results.

Here: finding and reading them, calling the function, runs over tables in a folder of their own, the
difference in words.
Not here: what their files may say (config), pytest (testing), how they are told (cli).
"""

from sparkjobs.cases.find import PATTERN, Placed, cases_of, files_of
from sparkjobs.cases.judge import Verdict, judged

__all__ = ["PATTERN", "Placed", "Verdict", "cases_of", "files_of", "judged"]
