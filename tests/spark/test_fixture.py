"""The session that tests share."""

from pathlib import Path

from pyspark.sql import SparkSession


def test_hadoop_does_not_send_along_where_its_settings_come_from(spark: SparkSession, tmp_path: Path) -> None:
    spark.range(1).write.parquet(str(tmp_path / "numbers"))

    settings = spark.sparkContext._jsc.hadoopConfiguration()  # noqa: SLF001

    assert settings.get("io.file.buffer.size") is not None
    assert settings.getPropertySources("io.file.buffer.size") is None
