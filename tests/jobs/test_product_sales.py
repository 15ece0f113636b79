from decimal import Decimal

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from jobs.sales.products import product_sales

SALES = "region string, product string, amount decimal(10,2), cost decimal(10,2), status string"
TOTALS = """region string, product string, total_sales_eur decimal(20,2), transaction_count bigint,
    profitable_transactions bigint"""


def eur(text: str) -> Decimal:
    return Decimal(text)


def test_each_region_and_product_has_one_row(spark: SparkSession) -> None:
    sales = spark.createDataFrame(
        [
            ("North", "Laptop", eur("1200.00"), eur("900.00"), "completed"),
            ("North", "Laptop", eur("1150.00"), eur("900.00"), "completed"),
            ("North", "Phone", eur("655.00"), eur("480.00"), "completed"),
            ("South", "Laptop", eur("880.00"), eur("900.00"), "completed"),
        ],
        SALES,
    )

    actual = product_sales(sales, min_total_eur=0)

    rows = [
        ("North", "Laptop", eur("2350.00"), 2, 2),
        ("North", "Phone", eur("655.00"), 1, 1),
        ("South", "Laptop", eur("880.00"), 1, 0),
    ]
    assert_df_equality(
        actual, spark.createDataFrame(rows, TOTALS), ignore_row_order=True, ignore_nullable=True
    )


def test_only_completed_sales_count(spark: SparkSession) -> None:
    sales = spark.createDataFrame(
        [
            ("West", "Monitor", eur("305.50"), eur("200.00"), "completed"),
            ("West", "Monitor", eur("310.00"), eur("200.00"), "pending"),
            ("West", "Monitor", eur("320.00"), eur("200.00"), "cancelled"),
            ("West", "Monitor", eur("330.00"), eur("200.00"), None),
            ("West", "Phone", eur("640.00"), eur("480.00"), "pending"),
        ],
        SALES,
    )

    actual = product_sales(sales, min_total_eur=0)

    rows = [("West", "Monitor", eur("305.50"), 1, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, TOTALS), ignore_nullable=True)


def test_a_total_of_exactly_the_limit_is_not_over_it(spark: SparkSession) -> None:
    sales = spark.createDataFrame(
        [
            ("North", "Phone", eur("400.00"), eur("1.00"), "completed"),
            ("North", "Phone", eur("600.00"), eur("1.00"), "completed"),
            ("South", "Phone", eur("400.00"), eur("1.00"), "completed"),
            ("South", "Phone", eur("600.01"), eur("1.00"), "completed"),
        ],
        SALES,
    )

    actual = product_sales(sales, min_total_eur=1000)

    rows = [("South", "Phone", eur("1000.01"), 2, 2)]
    assert_df_equality(actual, spark.createDataFrame(rows, TOTALS), ignore_nullable=True)


def test_cents_add_up_exactly_where_a_double_has_no_room_for_them(spark: SparkSession) -> None:
    schema = "region string, product string, amount decimal(18,2), cost decimal(18,2), status string"
    sales = spark.createDataFrame(
        [
            ("North", "Cable", eur("0.10"), eur("0.01"), "completed"),
            ("North", "Cable", eur("0.20"), eur("0.01"), "completed"),
            ("South", "Turbine", eur("90071992547409.93"), eur("0.01"), "completed"),
            ("South", "Turbine", eur("90071992547409.93"), eur("0.01"), "completed"),
        ],
        schema,
    )

    actual = product_sales(sales, min_total_eur=0)

    rows = [("South", "Turbine", eur("180143985094819.86"), 2, 2), ("North", "Cable", eur("0.30"), 2, 2)]
    expected = spark.createDataFrame(rows, TOTALS.replace("decimal(20,2)", "decimal(28,2)"))
    assert_df_equality(actual, expected, ignore_nullable=True)


def test_a_sale_that_only_covers_its_cost_is_not_profitable(spark: SparkSession) -> None:
    sales = spark.createDataFrame(
        [
            ("East", "Desk, oak", eur("360.00"), eur("360.00"), "completed"),
            ("East", "Desk, oak", eur("360.01"), eur("360.00"), "completed"),
            ("East", "Desk, oak", eur("359.99"), eur("360.00"), "completed"),
        ],
        SALES,
    )

    actual = product_sales(sales, min_total_eur=0)

    rows = [("East", "Desk, oak", eur("1080.00"), 3, 1)]
    assert_df_equality(actual, spark.createDataFrame(rows, TOTALS), ignore_nullable=True)


def test_the_largest_total_comes_first_and_a_tie_goes_by_region_then_product(spark: SparkSession) -> None:
    sales = spark.createDataFrame(
        [
            ("West", "Phone", eur("900.00"), eur("1.00"), "completed"),
            ("East", "Phone", eur("900.00"), eur("1.00"), "completed"),
            ("East", "Laptop", eur("900.00"), eur("1.00"), "completed"),
            ("South", "Laptop", eur("99.00"), eur("1.00"), "completed"),
            ("North", "Laptop", eur("1000.00"), eur("1.00"), "completed"),
        ],
        SALES,
    )

    actual = product_sales(sales, min_total_eur=0)

    rows = [
        ("North", "Laptop", eur("1000.00"), 1, 1),
        ("East", "Laptop", eur("900.00"), 1, 1),
        ("East", "Phone", eur("900.00"), 1, 1),
        ("West", "Phone", eur("900.00"), 1, 1),
        ("South", "Laptop", eur("99.00"), 1, 1),
    ]
    assert_df_equality(actual, spark.createDataFrame(rows, TOTALS), ignore_nullable=True)
