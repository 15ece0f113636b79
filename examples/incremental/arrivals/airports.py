"""The register of airports through time."""

from pyspark.sql import DataFrame

from sparkjobs import job


@job
def dim_airports(airports: DataFrame) -> DataFrame:
    """What a release says of each airport.

    Grain: (icao, released).
    Out: elevation_ft: feet.
    """
    return airports.select(
        "icao",
        "released",
        "name",
        "city",
        "country",
        airports["elevation"].alias("elevation_ft"),
        "lat",
        "lon",
    )
