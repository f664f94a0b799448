"""The words of the formula language, and words of other languages that people use for them."""

from __future__ import annotations

# Function -> least and greatest number of arguments, and how to call it.
FUNCTIONS: dict[str, tuple[int, int, str]] = {
    "min": (2, 20, "min(a, b, ...)"),
    "max": (2, 20, "max(a, b, ...)"),
    "exp": (1, 1, "exp(x)"),
    "log": (1, 1, "log(x)"),
    "sqrt": (1, 1, "sqrt(x)"),
    "abs": (1, 1, "abs(x)"),
    "clip": (3, 3, "clip(x, low, high)"),
    "where": (3, 3, "where(condition, if_true, if_false)"),
    "logistic": (1, 1, "logistic(x)"),
}
DATE_FUNCTIONS = ("months_until", "months_since")
TIME = ("now", "dt")

# Prior -> the ways to call it, by number of arguments.
PRIORS: dict[str, dict[int, str]] = {
    "normal": {2: "normal(mean, sd)", 4: "normal(mean, sd, low, high)"},
    "lognormal": {2: "lognormal(median, sigma)"},
    "uniform": {2: "uniform(low, high)"},
    "triangular": {3: "triangular(low, mode, high)"},
    "beta": {2: "beta(a, b)", 4: "beta(a, b, low, high)"},
}

OTHER_FUNCTIONS = {
    "ln": "log",
    "maximum": "max",
    "minimum": "min",
    "ifelse": "where",
    "iif": "where",
    "clamp": "clip",
    "sigmoid": "logistic",
    "expit": "logistic",
    "fabs": "abs",
    "root": "sqrt",
    "days_until": "months_until",
    "days_since": "months_since",
    "until": "months_until",
    "since": "months_since",
}
OTHER_NAMES = {"t": "now", "today": "now"}
OTHER_PRIORS = {
    "gaussian": "normal",
    "gauss": "normal",
    "norm": "normal",
    "unif": "uniform",
    "between": "uniform",
    "range": "uniform",
    "triangle": "triangular",
    "pert": "triangular",
    "lognorm": "lognormal",
}
