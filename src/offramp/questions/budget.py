"""How many runs questions spend unless told otherwise; no imports, so that help is quick."""

SENSITIVITY_RUNS = 100_000
MISREADING_RUNS = 1_000  # in each world of corrections
DISCOVERY_RUNS = 10_000
WHY_RUNS = 4_000
