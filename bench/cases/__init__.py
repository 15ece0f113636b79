"""Cases in which the same work is done by sparkjobs and by a script in plain PySpark."""
