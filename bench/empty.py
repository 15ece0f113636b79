"""What everything that is compared pays before it does anything: a session that counts one row."""

from pyspark.sql import SparkSession

if __name__ == "__main__":
    SparkSession.builder.appName("bench").getOrCreate().range(1).count()
