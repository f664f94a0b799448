"""Libraries that only some questions need."""

from __future__ import annotations

import os
import warnings
from importlib import import_module
from typing import Any

from offramp.errors import UsageError


def library(module: str, what: str, extra: str = "questions") -> Any:
    """A module of an optional library, which comes with an extra of offramp.

    Raises
    ------
    UsageError
        If the library is not installed, with what to type.
    """
    # matplotlib comes along with some of these and would open a window system, or build a list of fonts.
    os.environ.setdefault("MPLBACKEND", "Agg")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise UsageError(
            f"{what} needs the package `{package}`, which is not installed: pip install 'offramp[{extra}]'"
        ) from error
