"""Many frames as one."""

from pyspark.sql import SparkSession

from sparkjobs.union import together


def test_no_frame_is_left_out_and_columns_go_by_their_names(spark: SparkSession) -> None:
    frames = [spark.createDataFrame([(place, "x")], "n int, t string") for place in range(4)]
    last = spark.createDataFrame([("y", 4)], "t string, n int")

    rows = together([*frames, last]).collect()

    assert [tuple(row) for row in rows] == [(0, "x"), (1, "x"), (2, "x"), (3, "x"), (4, "y")]
