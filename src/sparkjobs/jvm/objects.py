"""Classes and collections of the JVM."""

from typing import Any

from pyspark.sql import SparkSession


def java(spark: SparkSession, name: str) -> Any:  # noqa: ANN401 (of the JVM)
    """The class with the whole `name`; written with dots in Python, each package would be asked for."""
    return getattr(spark._jvm, name)  # noqa: SLF001


def members(found: Any) -> list[Any]:  # noqa: ANN401 (of the JVM)
    """What a Seq of the JVM holds."""
    return [found.apply(index) for index in range(found.size())]
