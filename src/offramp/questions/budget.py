"""How many runs questions spend unless told otherwise; no imports, so that help is quick."""

DISCOVERY_RUNS = 10_000
WHY_RUNS = 3_000
