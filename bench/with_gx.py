"""Plain PySpark, and the checks as expectations of Great Expectations.

Arguments: format, folder of the data, output.
"""

import json
import sys
from pathlib import Path

import great_expectations as gx
from great_expectations import expectations as gxe
from pyspark.sql import DataFrame

from bench.by_hand import BOUNDS, COMPLETE, VALUES
from bench.lines import COLUMNS
from bench.plain import rows_of, write


def expectations() -> list[gxe.Expectation]:
    """The suite."""
    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=1),
        gxe.ExpectTableColumnsToMatchOrderedList(column_list=list(COLUMNS)),
        *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in COMPLETE),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["order_key", "line_number"]),
        *(
            gxe.ExpectColumnValuesToBeInSet(column=name, value_set=list(values))
            for name, values in VALUES.items()
        ),
        *(
            gxe.ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high)
            for name, (low, high) in BOUNDS.items()
        ),
        gxe.ExpectColumnValuesToBeBetween(column="net_price", min_value=0, strict_min=True),
        gxe.ExpectColumnValuesToMatchRegex(column="comment", regex="^[A-Za-z0-9 .,:;?!'-]+$"),
        gxe.ExpectColumnValueLengthsToBeBetween(column="comment", min_value=10, max_value=43),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="receipt_date", column_B="ship_date", or_equal=True
        ),
        gxe.ExpectColumnMeanToBeBetween(column="quantity", min_value=25, max_value=26),
    ]


def holds(rows: DataFrame) -> dict[str, bool]:
    """Each expectation, and whether it is met."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_spark("bench")
    whole = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("whole")
    batch = whole.get_batch(batch_parameters={"dataframe": rows})
    suite = gx.ExpectationSuite("lines", expectations=expectations())
    told = batch.validate(suite, result_format="SUMMARY")
    return {str(place): bool(one.success) for place, one in enumerate(told.results)}


def main() -> None:
    """Look at the rows, print which expectations are met, and write the table from GX's cache."""
    kind, data, table = sys.argv[1:]
    rows = rows_of(Path(data))
    found = holds(rows)
    write(rows, Path(table), kind)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
