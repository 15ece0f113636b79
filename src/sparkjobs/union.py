"""Many frames as one."""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame


def together(frames: Sequence[DataFrame]) -> DataFrame:
    """All rows of `frames`, by the names of their columns.

    They are put together in pairs: Spark analyses a union anew for each that it is put into, and of hundreds
    in a row each would lie in all those after it.
    """
    while len(frames) > 1:
        pairs = [frames[place : place + 2] for place in range(0, len(frames), 2)]
        frames = [reduce(DataFrame.unionByName, pair) for pair in pairs]
    return frames[0]
