"""Which futures to run: scenarios × policies, and everything uncertain drawn once per scenario."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from offramp import copula, distribution
from offramp.engine import luck
from offramp.engine.inputs import Floats, Inputs, Ints, Schedule
from offramp.engine.plain import imagined
from offramp.engine.plain.evaluate import Environment, evaluate
from offramp.engine.plain.imagined import MOST_PATHS
from offramp.engine.schedule import schedule_from, schedule_of, with_policies
from offramp.errors import UsageError
from offramp.given import need
from offramp.model import Chances, Distribution, Formula, Model, Policy
from offramp.runs.knowledge import Knowledge

MOST_SCENARIOS = 2**63 - 1
LARGEST_SEED = 2**64 - 1
# Luck of life r of scenario s is that of number s + r * 2**50, so lives never share any.
SCENARIOS_OF_A_LIFE = 2**50
MOST_LIVES = 4096


class Design:
    """What to run: a model, its policies to compare, the scenarios, the seed.

    A scenario is one draw of everything uncertain and one course of luck; it is a function of the seed
    and its number alone. All policies meet the same scenarios.

    Parameters
    ----------
    model : a checked model
    policies : names of policies of the model, or policies made in code, each with a name of its own; None
        for `baseline` alone
    scenarios : how many (numbered from 0), or their numbers
    seed : 0 to 2**64 - 1
    overrides : parameter, or stock for its initial value -> number, in its unit, for every scenario
    life : which course of luck the worlds meet, 0 to 4095. Lives of a scenario share everything that is
        drawn once (parameters, misreadings, types, uncertain beginnings) and differ in all later luck;
        0 is the life that every other command runs.
    paths : how many sampled paths actors follow in their look-ahead, up to 4095; 0 for the expected path
    knowledge : what was known by a day (`offramp.knowledge`): scenarios are worlds that agree with it, and
        their luck is fresh from that day on. What policies do, and what overrides say, begins then.

    Raises
    ------
    UsageError
        If a policy, parameter or stock is not there, or a number is impossible.

    Attributes
    ----------
    model : the model, with the policies made in code beside its own
    policies : tuple of str
    scenarios : (scenario,), int, their numbers
    """

    def __init__(
        self,
        model: Model,
        policies: Sequence[str | Policy] | None = None,
        scenarios: int | Iterable[int] = 1000,
        seed: int = 0,
        overrides: Mapping[str, float] | None = None,
        life: int = 0,
        paths: int = 0,
        knowledge: Knowledge | None = None,
    ) -> None:
        need(model, "Model")
        luck.check_purposes(luck.purposes(model))
        self.model, self.policies = _checked_policies(model, policies)
        self.scenarios = _checked_scenarios(scenarios)
        self.seed = _checked_seed(seed)
        known = {} if knowledge is None else knowledge.settings
        self.overrides = _checked_overrides(model, {**known, **_mapping(overrides)})
        self.life = _checked_life(life, self.scenarios)
        self.paths = _checked_paths(model, paths)
        self.knowledge = _checked_knowledge(model, knowledge, self.overrides)
        # What holds in the past as well.
        self._settings = self.overrides if knowledge is None else known

    def __repr__(self) -> str:
        return (
            f"Design({self.model.name!r}, policies={list(self.policies)!r}, "
            f"scenarios={len(self.scenarios)}, seed={self.seed}, overrides={self.overrides!r})"
        )

    @property
    def runs(self) -> int:
        """Number of runs: scenarios times policies."""
        return len(self.scenarios) * len(self.policies)

    def only(
        self, scenario: int | Iterable[int] | None = None, policy: Sequence[str] | None = None
    ) -> Design:
        """The same design for some of its scenarios (by number) and policies; runs do not change by it.

        The parameters are named as the dimensions of runs: `runs.sel(scenario=[17])` is the runs of
        `design.only(scenario=[17])`.

        Raises
        ------
        UsageError
            If a scenario is not part of this design.
        """
        numbers = self.scenarios
        if scenario is not None:
            numbers = _checked_scenarios([scenario] if isinstance(scenario, int) else scenario)
            missing = numbers[~np.isin(numbers, self.scenarios)]
            if len(missing):
                raise UsageError(f"scenario {missing[0]} is not in this design of {len(self.scenarios)}.")
        return self.another(policies=policy, scenarios=numbers)

    def another(
        self,
        *,
        model: Model | None = None,
        policies: Sequence[str | Policy] | None = None,
        scenarios: int | Iterable[int] | None = None,
        overrides: Mapping[str, float] | None = None,
        life: int | None = None,
    ) -> Design:
        """The same design but for what is given: seed, course of luck and look-ahead stay.

        `overrides` are added to those that there are.
        """
        return Design(
            model or self.model,
            policies or self.policies,
            self.scenarios if scenarios is None else scenarios,
            self.seed,
            {**self.overrides, **_mapping(overrides)},
            self.life if life is None else life,
            self.paths,
            self.knowledge,
        )

    def blocks(self, size: int) -> Iterator[Design]:
        """The same design in pieces of at most `size` scenarios, in order."""
        for first in range(0, len(self.scenarios), size):
            numbers = self.scenarios[first : first + size]
            yield self.another(scenarios=numbers)

    def inputs(self, policy: str, scenarios: npt.ArrayLike | None = None) -> Inputs:
        """What the engine needs to run scenarios under one policy.

        Parameters
        ----------
        policy : one of `policies`
        scenarios : (run,), numbers of scenarios; None for all of the design

        Raises
        ------
        UsageError
            If the policy is not one of this design.
        """
        numbers = self.scenarios if scenarios is None else np.atleast_1d(np.asarray(scenarios, np.int64))
        if policy not in self.policies:
            raise UsageError(_not_there("policy", policy, self.policies, self.model))
        return replace(next(self.inputs_of_all(numbers)), schedule=self._schedules[policy])

    def inputs_of_all(self, scenarios: Ints) -> Iterator[Inputs]:
        """Inputs for the same scenarios under each policy in turn; they differ in their schedule alone."""
        drawn = self._parameters(scenarios)
        types = self._type_values(scenarios, drawn)
        true_type = self._true_types(scenarios, drawn)
        truth = self._truth(drawn, types, true_type)
        inputs = Inputs(
            seed=self.seed,
            scenario=scenarios + self.life * SCENARIOS_OF_A_LIFE,
            parameters=truth,
            initial=self._initial(scenarios, truth),
            misread=self._misread(scenarios, truth),
            schedule=self._schedules[self.policies[0]],
            type_value=types,
            prior=self._priors(scenarios, truth),
            true_type=true_type,
            paths=self.paths,
        )
        if self.knowledge is not None:
            worlds = self.knowledge.world_of(scenarios, self.seed)
            inputs = replace(
                inputs,
                seed=self.knowledge.seed,
                lineage=self.knowledge.luck_of(worlds, inputs.scenario, self.seed, self.model.steps),
                known=self.knowledge.steps,
                observed=self.knowledge.observed,
            )
        for policy in self.policies:
            yield replace(inputs, schedule=self._schedules[policy])

    def _parameters(self, scenarios: Ints) -> Floats:
        """The parameters as drawn or overridden, before any type: (scenario, parameter), each in its unit."""
        result = np.empty((len(scenarios), len(self.model.parameters)))
        for i, parameter in enumerate(self.model.parameters):
            value = self._settings.get(parameter.name, parameter.value)
            result[:, i] = self._drawn(value, f"parameter/{parameter.name}", scenarios, result)
        return result

    def _type_values(self, scenarios: Ints, drawn: Floats) -> Floats:
        """What each type of each actor makes of its parameters: (scenario, overlay)."""
        columns = [
            self._drawn(o.value, f"type/{actor.name}/{t.name}/{o.parameter}", scenarios, drawn)
            for actor in self.model.actors
            for t in actor.types
            for o in t.overlays
        ]
        return np.stack(columns, axis=1) if columns else np.empty((len(scenarios), 0))

    def _true_types(self, scenarios: Ints, drawn: Floats) -> npt.NDArray[np.int8]:
        """Position of each actor's true type, -1 without types or finite chances: (scenario, actor)."""
        result = np.full((len(scenarios), len(self.model.actors)), -1, dtype=np.int8)
        for i, actor in enumerate(self.model.actors):
            if actor.types:
                u = self._uniform(f"type/{actor.name}", scenarios)
                cumulative = np.cumsum(self._chances(actor.true_type, scenarios, drawn), axis=1)
                drawn_type = np.minimum((u[:, None] >= cumulative).sum(axis=1), len(actor.types) - 1)
                result[:, i] = np.where(np.isfinite(cumulative[:, -1]), drawn_type, -1)
        return result

    def _truth(self, drawn: Floats, types: Floats, true_type: npt.NDArray[np.int8]) -> Floats:
        """The true types written over the parameters; what is set by hand stays.

        Without a true type there is no value: NaN, which fails the runs that read it.
        """
        truth = drawn.copy()
        position = {p.name: i for i, p in enumerate(self.model.parameters)}
        column = 0
        for i, actor in enumerate(self.model.actors):
            for k, t in enumerate(actor.types):
                here = true_type[:, i] == k
                for overlay in t.overlays:
                    if overlay.parameter not in self._settings:
                        at = position[overlay.parameter]
                        truth[:, at] = np.where(here, types[:, column], np.nan if k == 0 else truth[:, at])
                    column += 1
        return truth

    def _priors(self, scenarios: Ints, truth: Floats) -> Floats:
        """What everyone believes at the start: (scenario, supposition)."""
        columns = []
        for actor in self.model.actors:
            for belief in actor.beliefs:
                chances = self._chances(belief.prior, scenarios, truth)
                total = chances.sum(axis=1, keepdims=True)
                with np.errstate(invalid="ignore"):
                    columns.append(np.where(total == 0, 1.0 / chances.shape[1], chances / total))
        return np.concatenate(columns, axis=1) if columns else np.empty((len(scenarios), 0))

    def _chances(self, chances: Chances, scenarios: Ints, parameters: Floats) -> Floats:
        """A chance for each type, none below 0, not yet summing to 1: (scenario, type)."""
        given = [
            None if f is None else np.maximum(self._drawn(f, "", scenarios, parameters), 0.0)
            for _, f in chances
        ]
        others = sum((g for g in given if g is not None), np.zeros(len(scenarios)))
        rest = np.maximum(1.0 - others, 0.0)
        return np.stack([rest if g is None else g for g in given], axis=1)

    def _initial(self, scenarios: Ints, parameters: Floats) -> Floats:
        result = np.empty((len(scenarios), len(self.model.stocks)))
        for i, stock in enumerate(self.model.stocks):
            value = self._settings.get(stock.name, stock.initial)
            result[:, i] = self._drawn(value, f"initial/{stock.name}", scenarios, parameters)
        return result

    def _misread(self, scenarios: Ints, parameters: Floats) -> Floats:
        columns = [
            self._drawn(m.value, f"misread/{actor.name}/{m.parameter}", scenarios, parameters)
            for actor in self.model.actors
            for m in actor.misreads
        ]
        return np.stack(columns, axis=1) if columns else np.empty((len(scenarios), 0))

    def _drawn(
        self, value: float | Distribution | Formula | None, purpose: str, scenarios: Ints, parameters: Floats
    ) -> Floats:
        """A number, prior or formula of parameters for every scenario: (scenario,)."""
        if isinstance(value, Distribution):
            return distribution.quantile(value, self._uniform(purpose, scenarios))
        if isinstance(value, Formula):
            names = {p.name: parameters[:, i] for i, p in enumerate(self.model.parameters)}
            number = evaluate(value.node, Environment({}, names, 0.0, self.model.step_length))
            return np.array(np.broadcast_to(number, scenarios.shape), dtype=np.float64)
        return np.full(scenarios.shape, 0.0 if value is None else value)

    def _uniform(self, purpose: str, scenarios: Ints) -> Floats:
        """The number in (0, 1) behind a draw that is made once for a scenario: (scenario,)."""
        group = self._linked.get(purpose)
        if group is None:
            return self._own(purpose, scenarios)
        return group.uniform(purpose, lambda other: self._own(other, scenarios))

    def _own(self, purpose: str, scenarios: Ints) -> Floats:
        """The same before correlations: draws that know nothing of one another."""
        if self.knowledge is not None:
            known = self.knowledge.drawn(purpose, self.knowledge.world_of(scenarios, self.seed))
            if known is not None:
                return known
        return luck.uniform(self.seed, scenarios, 0, purpose)

    def probability(self, purpose: str, scenarios: Ints) -> Floats:
        """Where in its prior what is drawn once for a scenario lies, as a probability: (scenario,).

        Parameters
        ----------
        purpose : as in docs/explanation/semantics.md: `parameter/NAME`, ...
        """
        return self._uniform(purpose, scenarios)

    def schedule(self, policy: Policy) -> Schedule:
        """A policy as tables over the steps.

        What was before the day up to which things are known came about under `baseline`, so another policy
        begins on that day where it would have begun earlier, and what it would have ended by then is left
        out. So do numbers set by hand.
        """
        if self.knowledge is None:
            return schedule_of(self.model, policy)
        first = self.knowledge.steps
        result = schedule_from(self.model, policy, first, self._policy("baseline"))
        for i, parameter in enumerate(self.model.parameters):
            value = self.overrides.get(parameter.name)
            if value is not None and parameter.name not in self._settings:
                coming = result.hold[first:, i]
                coming[np.isnan(coming)] = value
        return result

    def _policy(self, name: str) -> Policy:
        return next((p for p in self.model.policies if p.name == name), Policy(name, name))

    @cached_property
    def _linked(self) -> dict[str, copula.Linked]:
        return {purpose: group for group in copula.linked(self.model) for purpose in group.purposes}

    @cached_property
    def _schedules(self) -> dict[str, Schedule]:
        return {name: self.schedule(self._policy(name)) for name in self.policies}


def _checked_policies(model: Model, policies: Sequence[str | Policy] | None) -> tuple[Model, tuple[str, ...]]:
    """The model with the policies made in code, and the names of all to run."""
    if policies is None:
        return model, ("baseline",)
    if isinstance(policies, str | Policy):
        policies = [policies]
    known = {"baseline": None} | {p.name: None for p in model.policies}
    for policy in policies:
        if not isinstance(policy, str | Policy):
            raise UsageError(f"a policy is a name or an `offramp.Policy`, not {policy!r}.")
        if isinstance(policy, str) and policy not in known:
            raise UsageError(_not_there("policy", policy, known, model))
    if not policies:
        raise UsageError("a design needs at least one policy.")
    model, names = with_policies(model, policies)
    if len(set(names)) < len(names):
        raise UsageError("a policy is named twice.")
    return model, names


def _checked_scenarios(scenarios: int | Iterable[int]) -> Ints:
    if isinstance(scenarios, int | np.integer):
        if scenarios < 1:
            raise UsageError(f"{scenarios} scenarios: at least 1 is needed.")
        return np.arange(int(scenarios), dtype=np.int64)
    if not isinstance(scenarios, Iterable):
        raise UsageError(f"{scenarios!r} scenarios: a whole number or a series of them is needed.")
    numbers = np.asarray(scenarios if isinstance(scenarios, np.ndarray) else list(scenarios))
    if numbers.ndim != 1 or not len(numbers):
        raise UsageError("a design needs at least one scenario.")
    if numbers.dtype.kind not in "iu" or numbers.min() < 0 or int(numbers.max()) > MOST_SCENARIOS:
        raise UsageError("scenarios are numbered with whole numbers from 0.")
    # Sorted numbers need no sorting again: designs of a million scenarios are cut into many.
    rising = bool((np.diff(numbers) > 0).all())
    if not rising and len(np.unique(numbers)) < len(numbers):
        raise UsageError("a scenario is named twice.")
    return numbers.astype(np.int64)


def _checked_seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed <= LARGEST_SEED:
        raise UsageError(f"seed {seed!r} is not a whole number from 0 to 2**64 - 1.")
    return int(seed)


def _checked_life(life: int, scenarios: Ints) -> int:
    if isinstance(life, bool) or not isinstance(life, int | np.integer) or not 0 <= life < MOST_LIVES:
        raise UsageError(f"life {life!r} is not a whole number from 0 to {MOST_LIVES - 1}.")
    if life and int(scenarios.max()) >= SCENARIOS_OF_A_LIFE:
        raise UsageError(f"only scenarios below {SCENARIOS_OF_A_LIFE} have further lives.")
    return int(life)


def _checked_paths(model: Model, paths: int) -> int:
    if isinstance(paths, bool) or not isinstance(paths, int | np.integer) or not 0 <= paths <= MOST_PATHS:
        raise UsageError(f"{paths!r} paths: a whole number from 0 to {MOST_PATHS} is needed.")
    if paths:
        if model.steps > imagined.AHEAD:
            raise UsageError(
                f"`{model.name}` has {model.steps:,} steps, and look-aheads along sampled paths are for "
                f"models of up to {imagined.AHEAD:,}. Ask for 0 paths, or take longer steps."
            )
        luck.check_purposes([*luck.purposes(model), *imagined.purposes(model)])
    return int(paths)


def _checked_knowledge(
    model: Model, given: Knowledge | None, by_hand: Mapping[str, float]
) -> Knowledge | None:
    if given is None:
        return None
    day = given.about.until
    if given.steps >= model.steps:
        raise UsageError(
            f"what is known by {day} leaves no future: `{model.name}` ends on {model.dates[-1]}."
        )
    stocks = {v.name for v in model.stocks}
    for name, value in by_hand.items():
        past = given.settings.get(name)
        if past != value and (name in stocks or past is not None):
            raise UsageError(
                f"`{name}` was otherwise in the past of futures that go on from what was known by {day}. "
                f"To have it so from the start, calibrate with `--set {name}={value:g}`."
            )
    return given


def _mapping(overrides: Mapping[str, float] | None) -> Mapping[str, float]:
    if overrides is None:
        return {}
    if not isinstance(overrides, Mapping):
        raise UsageError(f'overrides are a mapping such as {{"decay": 0.2}}, not {overrides!r}.')
    return overrides


def _checked_overrides(model: Model, overrides: Mapping[str, float]) -> dict[str, float]:
    stocks = {s.name: s for s in model.stocks}
    known = {p.name: None for p in model.parameters} | dict.fromkeys(stocks)
    result = {}
    for name, value in overrides.items():
        if name not in known:
            if any(v.name == name for v in model.variables):
                raise UsageError(
                    f"`{name}` of model `{model.name}` is computed from others and cannot be set; "
                    "set what it is computed from."
                )
            raise UsageError(_not_there("parameter or stock", name, known, model))
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise UsageError(f"`{name}` cannot be set to {value!r}: a finite number is needed.")
        bounds = stocks[name].bounds if name in stocks else None
        if bounds is not None and not bounds[0] <= number <= bounds[1]:
            raise UsageError(
                f"`{name}` cannot be set to {number:g}: its bounds are {bounds[0]:g} to {bounds[1]:g}."
            )
        result[name] = number
    return result


def _not_there(kind: str, name: str, known: Iterable[str], model: Model) -> str:
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean `{close[0]}`?" if close else f"There are: {', '.join(known)}."
    return f"model `{model.name}` has no {kind} `{name}`. {hint}"
