"""How many runs questions spend unless told otherwise; no imports, so that help is quick."""

SENSITIVITY_RUNS = 40_000
MISREADING_RUNS = 300  # in each world of corrections
DISCOVERY_RUNS = 10_000
WHY_RUNS = 3_000
