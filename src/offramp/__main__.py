"""`python -m offramp` is `offramp`."""

from __future__ import annotations

import os
import sys


def run() -> None:
    """The program; Ctrl-C while it is still being read ends it as later on."""
    try:
        from offramp.cli import main
    except KeyboardInterrupt:
        print("Interrupted. Nothing was written.", file=sys.stderr)
        os._exit(130)
    main(prog_name="offramp")


if __name__ == "__main__":
    run()
