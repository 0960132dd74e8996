"""What py4j is asked for again and again."""

from pyspark.sql import SparkSession


def test_names_in_java_are_looked_up_once(spark: SparkSession) -> None:
    # py4j makes a new object of each answer.
    jvm = spark._jvm
    assert jvm is not None
    assert jvm.functions is jvm.functions
    assert jvm.org.apache.spark.sql is jvm.org.apache.spark.sql
    assert jvm.org.apache.hadoop.fs is jvm.org.apache.hadoop.fs
