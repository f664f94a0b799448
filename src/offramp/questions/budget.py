"""How many runs questions spend unless told otherwise; no imports, so that help is quick."""

WHY_RUNS = 3_000
