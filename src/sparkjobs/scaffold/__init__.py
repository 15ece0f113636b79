"""The beginnings of things: a project that runs, a source from its files, a job from its inputs.

Here: what is written into new files, and appended to conf/sources.yml. No Spark, and nothing overwritten.
Not here: what conf means (config), checks for a table there is (suggest).
"""

from sparkjobs.scaffold.job import new_job
from sparkjobs.scaffold.project import new_project
from sparkjobs.scaffold.source import new_source

__all__ = ["new_job", "new_project", "new_source"]
