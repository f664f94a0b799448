"""Examples of every command, as its `--help` shows them; a test runs them all.

`river.yaml` is the crisis that `offramp new river` writes.
"""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "new": (
        "new river",
        "new strait --actors india,pakistan,usa --step week --with types,ladder",
        "new mine --from us-iran-2018",
        "new variant --extend us-iran-2020",
    ),
    "check": ("check river.yaml", "check river.yaml --format json"),
    "explain": ("explain us-iran-2020", "explain us-iran-2020 --section actors"),
    "crises": ("crises",),
    "show": ("show brinkmanship", "show us-iran-2020", "show us-iran-2020 outcomes"),
    "schema": ("schema", "schema compare"),
    "brief": ("brief river.yaml", "brief river.yaml --policy pause --out pause.html"),
    "run": (
        "run river.yaml",
        "run river.yaml --policy baseline --policy mediation --set mistrust=2",
        "run river.yaml --by 2027-01-01 --out results",
    ),
    "story": ("story river.yaml", "story river.yaml --outcome war --policy mediation"),
    "minds": ("minds river.yaml --at 2026-06-01", "minds river.yaml --actor altara --paths 20"),
    "ladder": ("ladder brinkmanship", "ladder brinkmanship strait --at 2026-07-01 --as altara"),
    "compare": ("compare river.yaml", "compare river.yaml --policy pause --against mediation"),
    "claims": ("claims river.yaml", "claims river.yaml --claim mediation_helps"),
    "misreadings": ("misreadings river.yaml", "misreadings river.yaml --outcome accord"),
    "reach": ("reach river.yaml",),
    "why": ("why river.yaml", "why river.yaml mediation baseline --outcome accord"),
    "sensitivity": ("sensitivity river.yaml",),
    "discover": ("discover river.yaml --outcome accord",),
    "tipping": ("tipping river.yaml --of mistrust --outcome accord",),
    "sweep": ("sweep river.yaml --over mistrust", "sweep river.yaml --over policy --over mistrust=1..4/3"),
    "loops": ("loops river.yaml",),
    "calibrate": ("calibrate us-iran-2018 --until 2019-01-01", "calibrate us-iran-2018 --resume done.npz"),
    "backtest": ("backtest us-iran-2018 --until 2018-12-31",),
    "forecast": ("forecast us-iran-2018 --as-of 2018-10-01 --out october.json",),
    "score": ("score october.json",),
}


def epilog(command: str) -> str:
    """What `--help` of a command ends with."""
    lines = EXAMPLES.get(command, ())
    if not lines:
        return ""
    head = "Example" if len(lines) == 1 else "Examples"
    return "\n".join(["\b", f"{head}:", *(f"  offramp {line}" for line in lines)])
