"""The page that an analyst hands over, and the pictures in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from offramp.report.page import Page, brief

__all__ = ["Page", "brief"]


def __getattr__(name: str) -> Any:
    # Loaded at first use: the command line takes its number words from here without needing a page.
    if name in __all__:
        from offramp.report import page

        return getattr(page, name)
    raise AttributeError(f"module `offramp.report` has no `{name}`")
