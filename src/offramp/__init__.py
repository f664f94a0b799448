"""offramp turns a written account of a crisis into a model that runs."""

from __future__ import annotations

__version__ = "0.1.0"
