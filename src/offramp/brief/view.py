"""What a brief is about: the runs of the policy that it shows, with their titles, dates and outcomes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from offramp.analysis import outcomes
from offramp.analysis.aims import Wanted
from offramp.charts.palette import BETTER, GOING_ON, NEITHER, WORSE, Colour
from offramp.errors import OfframpError
from offramp.model import Model
from offramp.questions.aims import aims_of
from offramp.questions.briefing import Page
from offramp.runs.dataset import dates, section
from offramp.runs.known import Given
from offramp.tell import model_words
from offramp.tell.figures import digits_for
from offramp.tell.words import EndingShare

if TYPE_CHECKING:
    import xarray as xr

BASELINE = "baseline"
MOST_ROWS = 61  # of a table over time, and of dates drawn


@dataclass(frozen=True)
class OutcomePath:
    """How often an outcome had come by each date, in the policy shown: (time,) each."""

    name: str
    title: str
    kind: str  # when, rate, otherwise
    absorbing: bool
    count: Sequence[int]
    share: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]

    @property
    def digits(self) -> int:
        """Digits after the point of the share at the end, as percent, that its interval is worth."""
        return digits_for(self.low[-1], self.high[-1])

    @property
    def half_at(self) -> int | None:
        """Position of the date by which half of those that came had come."""
        if not self.count[-1]:
            return None
        return int(np.searchsorted(2 * np.asarray(self.count), self.count[-1]))


class RunsView:
    """Runs as a brief shows them: one policy in full, the others where policies are compared.

    Raises
    ------
    OfframpError
        If no run of the policy shown holds, or the runs are of another model.
    """

    def __init__(
        self,
        runs: xr.Dataset,
        model: Model,
        reader: str | None = None,
        aims: Mapping[str, Wanted] | None = None,
    ) -> None:
        if runs.attrs["model_hash"] != model.hash:
            raise OfframpError(f"these runs are of another model than `{model.name}` as it now stands.")
        self.runs = runs
        self.model = model
        self.policies = [str(p) for p in runs["policy"].values]
        self.policy = BASELINE if BASELINE in self.policies else self.policies[0]
        # A slice is a view; a list of positions would copy every path.
        at = self.policies.index(self.policy)
        self.shown = runs.isel(policy=slice(at, at + 1))
        self.reader = reader
        self.aims = aims if aims is not None else aims_of(model, runs, reader)
        self.times: list[date] = dates(runs)
        self.futures = int(outcomes.holding(self.shown)[0])
        if not self.futures:
            raise OfframpError(f"no run under policy `{self.policy}` holds, so there is nothing to show.")

    @property
    def page(self) -> Page:
        """Of what the brief is, as far as answers on it must be of the same."""
        return Page(
            self.model,
            self.about("overrides"),
            self.policy,
            int(self.runs.attrs.get("paths", 0)),
            self.reader,
            Given.of_plain(json.loads(self.runs.attrs.get("given", "null"))),
        )

    @property
    def start(self) -> date:
        return self.times[0]

    @property
    def end(self) -> date:
        return self.times[-1]

    @cached_property
    def rows(self) -> list[int]:
        """Positions of the dates that are drawn and listed: all, or as many as a reader can use."""
        n = len(self.times)
        return sorted({round(i) for i in np.linspace(0, n - 1, min(n, MOST_ROWS))})

    @cached_property
    def dates(self) -> list[date]:
        """The dates at `rows`."""
        return [self.times[k] for k in self.rows]

    def about(self, name: str) -> dict[str, Any]:
        """One of the JSON attributes of the runs."""
        found: dict[str, Any] = section(self.runs, name)
        return found

    def policy_title(self, name: str) -> str:
        return str(self.about("policies")[name]["title"] or name)

    @property
    def under(self) -> str:
        """` under “Policy”` for titles, where the runs are of several."""
        return f" under “{self.policy_title(self.policy)}”" if len(self.policies) > 1 else ""

    @cached_property
    def guesses(self) -> dict[str, list[model_words.Guess]]:
        """All guesses of the model by kind, in the order of the file."""
        return model_words.guesses(self.model)

    @property
    def guess_count(self) -> int:
        return sum(len(rows) for rows in self.guesses.values())

    @cached_property
    def courses(self) -> list[OutcomePath]:
        """All outcomes under the policy shown, in the order of the file."""
        return [self._course(name, about) for name, about in self.about("outcomes").items()]

    def _course(self, name: str, about: dict[str, Any]) -> OutcomePath:
        found = outcomes.over_time(self.shown, name)

        def at_rows(variable: str) -> list[float]:
            return [float(v) for v in found[variable].values[0]]

        return OutcomePath(
            name=name,
            title=about["title"] or name,
            kind=about["kind"],
            absorbing=about["absorbing"],
            count=[int(v) for v in found["count"].values[0]],
            share=at_rows("probability"),
            low=at_rows("low"),
            high=at_rows("high"),
        )

    @cached_property
    def endings(self) -> list[OutcomePath]:
        """Outcomes of which exactly one holds in each future at each date, as far as the model names them.

        Absorbing outcomes first, then what holds otherwise; empty where nothing ends a future.
        """
        absorbing = [c for c in self.courses if c.absorbing]
        if not absorbing:
            return []
        otherwise = [c for c in self.courses if c.kind == "otherwise"]
        return [*absorbing, otherwise[0] if otherwise else self._nothing_yet(absorbing)]

    def _nothing_yet(self, absorbing: Sequence[OutcomePath]) -> OutcomePath:
        from offramp.analysis.intervals import wilson

        count = self.futures - np.sum([c.count for c in absorbing], axis=0)
        low, high = wilson(count, self.futures)
        share = count / self.futures
        return OutcomePath(
            "",
            "No end so far",
            "otherwise",
            False,
            count.tolist(),
            share.tolist(),
            low.tolist(),
            high.tolist(),
        )

    @cached_property
    def ends_in_words(self) -> list[EndingShare]:
        """`endings` as sentences take them."""
        return [EndingShare(c.title, c.count[-1], not c.absorbing, c.digits) for c in self.endings]

    @cached_property
    def markers(self) -> list[OutcomePath]:
        """Outcomes that happen on the way and end nothing, commonest first."""
        found = [c for c in self.courses if not c.absorbing and c.kind != "otherwise"]
        return sorted(found, key=lambda c: -c.count[-1])

    @cached_property
    def ended(self) -> int:
        """How many futures an absorbing outcome had ended by the last date."""
        return sum(c.count[-1] for c in self.courses if c.absorbing)

    @cached_property
    def colours(self) -> dict[str, Colour]:
        """A colour for each ending: warm where less of it is wanted, cool where more, else neither."""
        ends = [c for c in self.endings if c.absorbing]
        of_aim = {"less": WORSE, "more": BETTER, "none": NEITHER}
        given: dict[str, Colour] = {c.name: GOING_ON for c in self.endings if not c.absorbing}
        for aim, colours in of_aim.items():
            alike = [c.name for c in ends if self.aims[c.name].aim == aim]
            given |= {name: colours[i % len(colours)] for i, name in enumerate(alike)}
        return given

    def is_warm(self, name: str) -> bool:
        return self.colours[name] in WORSE
