"""The brief: one self-contained page made from runs and the model that they are of."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from offramp.analysis.intervals import LEVEL
from offramp.analysis.summary import summary
from offramp.brief import comparison, pictures
from offramp.brief.answers import shown
from offramp.brief.caveats import Answer
from offramp.brief.exchanges import exchanges
from offramp.brief.view import BASELINE, View
from offramp.charts.canvas import printable
from offramp.charts.charts import opacity
from offramp.charts.palette import dark_rules
from offramp.distribution import support
from offramp.given import need
from offramp.model import Distribution, Model
from offramp.tell import figures, words
from offramp.tell import model_words as grounds

if TYPE_CHECKING:
    import jinja2
    import xarray as xr

# More guesses than this are folded away under their kinds.
MANY_GUESSES = 20

_WHY_FAILED = {
    "not_finite": "a number that is not finite",
    "out_of_bounds": "a variable outside its bounds",
    "too_many_events": "more than ten expected events in one step",
}


@dataclass(frozen=True)
class Page:
    """A finished page: `html` holds everything it needs."""

    html: str

    def save(self, path: str | Path) -> None:
        """Write the page to a file; one that is there is replaced."""
        Path(path).write_text(self.html, encoding="utf-8")


def brief(
    runs: xr.Dataset,
    model: Model,
    *,
    command: str | None = None,
    answers: Mapping[str, Answer] | None = None,
) -> Page:
    """The page that an analyst hands over: situation, outlook, habits, and what all of it rests on.

    Parameters
    ----------
    runs : what `offramp.runs.simulate` or `offramp.load_runs` gave. With several policies the page shows
        `baseline`, or else the first, in full and the outcomes of all of them side by side.
    model : the model that the runs are of
    command : what gives the same page again; made from the runs if left out
    answers : question -> what its command prints as JSON: `compare`, `misreadings`, `claims`, `sensitivity`.
        The page shows them beside the outlook; left out, only what the runs themselves say.

    Raises
    ------
    OfframpError
        If the runs are of another model, or every run of the policy shown failed.
    """
    need(runs, "Dataset")
    need(model, "Model")
    view = View(runs, model)
    return Page(_template().render(_contents(view, command or _command(runs), answers or {})))


def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("offramp.brief"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    return environment.get_template("brief.html.j2")


def _contents(view: View, command: str, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Everything that the template shows."""
    model, attrs = view.model, view.runs.attrs
    guesses = grounds.guesses(model)
    standing, markers = pictures.standing(view), pictures.on_the_way(view)
    told, plain = grounds.sides(model)
    calendar = pictures.dated_events(view)
    answered = shown(view, answers)
    return {
        "answers": answered,
        "title": attrs["title"] or model.name,
        "illustrative": bool(attrs["illustrative"]),
        "span": words.span(view.start, view.end),
        "end_words": figures.end_words(view.end),
        "futures": words.counted(view.futures, "future"),
        "scenarios": words.counted(view.runs.sizes["scenario"], "future"),
        "seed": attrs["seed"],
        "short_hash": attrs["model_hash"][:12],
        "version": attrs["offramp_version"],
        "overrides": _overrides(view),
        "failures": _failures(view),
        "policy": ""
        if view.policy == BASELINE and len(view.policies) == 1
        else view.policy_title(view.policy),
        "policies": [view.policy_title(p) for p in view.policies],
        "summary": model.summary,
        "outlook": words.outlook(view.ends_in_words, view.futures, view.start, view.end),
        "chances": _chances(view),
        "moves": pictures.moves(view),
        "standing": standing,
        "growths": pictures.growths(view),
        "markers": markers,
        "comparisons": comparison.policies(view),
        "policy_terms": grounds.policies(model, view.policies),
        "policy_table": comparison.policy_table(view),
        "fans": pictures.fans(view),
        "calendar": pictures.calendar(view),
        "random": pictures.random_events(view),
        "exchanges": exchanges(view),
        "habits": pictures.habits(view),
        "habit_key": [(p, opacity(p / 100)) for p in (1, 5, 10, 25, 50, 100)],
        "beliefs": pictures.beliefs(view),
        "sides": told,
        "plain_sides": words.enumerated(plain),
        "plain_count": len(plain),
        "dates": words.dated([e.day for e in calendar], [e.title for e in calendar]),
        "guesses": guesses,
        "guess_count": sum(len(rows) for rows in guesses.values()),
        "many_guesses": sum(len(rows) for rows in guesses.values()) > MANY_GUESSES,
        "uncertain": sum(p["uncertain"] for p in view.about("parameters").values()),
        "sources": model.sources,
        "level": figures.percent(LEVEL),
        "ended": figures.percent(view.ended / view.futures) if view.ended else "",
        "command": command,
        "hash": attrs["model_hash"],
        "versions": [
            (name, attrs[f"{name}_version"])
            for name in ("offramp", "numpy", "llvmlite")
            if f"{name}_version" in attrs
        ],
        "engine": attrs["engine"],
        "model_file": Path(attrs["model_file"]).name,
        "dark_rules": Markup(dark_rules(".chart")),
    }


def _chances(view: View) -> list[tuple[str, str, str, str]]:
    """For each ending: its name, how many futures, their share, the interval of sampling."""
    rows = []
    for c in sorted(view.endings, key=lambda c: -c.count[-1]):
        interval = figures.percent_range(c.low[-1], c.high[-1])
        rows.append((c.title, figures.count(c.count[-1]), figures.percent(c.share[-1], c.digits), interval))
    return rows


def _overrides(view: View) -> list[tuple[str, str]]:
    """Numbers that were set by hand, with their titles; those outside their prior say so."""
    about = view.about("parameters") | view.about("variables")
    odd = _outside(view)
    return [
        (about[name]["title"] or name, figures.with_unit(value, about[name]["unit"]) + odd.get(name, ""))
        for name, value in view.about("overrides").items()
    ]


def _outside(view: View) -> dict[str, str]:
    """What to add to numbers set by hand that no scenario would have drawn."""
    set_by_hand, said = view.about("overrides"), {}
    for parameter in view.model.parameters:
        if parameter.name in set_by_hand and isinstance(parameter.value, Distribution):
            low, high = support(parameter.value)
            if not low <= set_by_hand[parameter.name] <= high:
                prior = parameter.value.text or parameter.value.kind
                said[parameter.name] = f" (outside its prior, {prior})"
    return said


def _failures(view: View) -> dict[str, Any] | None:
    """What failed, under every policy; None if nothing did."""
    # Without the paths, which no failure needs, this takes no time.
    paths = [name for name in view.about("variables") if name in view.runs]
    found = summary(view.runs.drop_vars(paths)).as_dict()
    if not found["failed_runs"]:
        return None
    about = view.about("variables")
    runs = view.runs.sizes["scenario"] * len(view.policies)
    rows = []
    for f in found["failures"]:
        why = _WHY_FAILED[f["why"]]
        if f["variable"]:
            why += f": {about[f['variable']]['title'] or f['variable']}"
        row = (
            view.policy_title(f["policy"]),
            why,
            figures.count(f["runs"]),
            f["first"],
            figures.count(f["scenario"]),
        )
        rows.append(row)
    return {
        "sentence": words.failed(found["failed_runs"], runs),
        "table": (("Policy", "Why", "Runs", "First in the step of", "Scenario to look at"), rows),
    }


def _command(runs: xr.Dataset) -> str:
    """The command that makes the same runs and the same page."""
    attrs = runs.attrs
    # A bundled crisis goes by its name and not by a file.
    name = attrs["model_file"] if Path(attrs["model_file"]).exists() else attrs["model"]
    said = ["offramp", "brief", name, "--runs", str(runs.sizes["scenario"]), "--seed", attrs["seed"]]
    for parameter, value in json.loads(attrs["overrides"]).items():
        said += ["--set", f"{parameter}={value!r}"]
    policies = [str(p) for p in runs["policy"].values]
    if policies != [BASELINE]:
        for policy in policies:
            said += ["--policy", policy]
    return shlex.join(said)
