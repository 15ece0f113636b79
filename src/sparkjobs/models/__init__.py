"""SQL files: what each asks for, and the text that Spark gets.

Here: finding the files, looking into their SQL, where each line came from.
Not here: which jobs, sources and values their names mean (config), asking Spark (query).
"""

from sparkjobs.models.find import sql_files
from sparkjobs.models.model import Argument, FlawError, Looked, Model, Place, Sql, as_written

__all__ = [
    "Argument",
    "FlawError",
    "Looked",
    "Model",
    "Place",
    "Sql",
    "as_written",
    "sql_files",
]
