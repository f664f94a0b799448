"""What a ladder costs: `python benchmarks/ladder_cost.py`. The figures stand in RESULTS.md.

Runs of `brinkmanship` with its ladder and without, and of `us-iran-2020` with a ladder of 4 rungs and 8 moves
put between its two deciders: one that reads parameters alone, and one that reads a stock.
"""

from __future__ import annotations

import time
from dataclasses import replace

from offramp.engine.compiled.compile import CompiledModel, compile_model
from offramp.engine.inputs import Inputs
from offramp.language.check import load
from offramp.model import Formula, Ladder, Model, Rung
from offramp.runs.design import Design
from offramp.tree import Binary, Node, Number, Variable

ROUNDS = 7


def number(value: float) -> Formula:
    return Formula("", Number(value))


def ladder(model: Model, stock: str | None) -> Ladder:
    """An exchange about once a year between the first two actors; harm in proportion to a stock, if given."""
    one, other = (actor.name for actor in model.actors[:2])
    scale: Node = Number(1.0)
    if stock:
        x = Variable(stock)
        scale = Binary("+", scale, Binary("*", Number(0.0), Binary("*", x, x)))

    def both(value: float) -> tuple[tuple[str, Formula], ...]:
        formula = Formula("", Binary("*", Number(value), scale))
        return ((one, formula), (other, formula))

    rungs = tuple(
        Rung(f"rung{r}", "", loses_control=number(0.02 * r), harm=both(1.0 * r), stakes=both(5.0 * r),
             audience_cost=both(2.0 * r), effects=())
        for r in range(4)
    )  # fmt: skip
    war = next(o.name for o in model.outcomes if o.absorbing)
    return Ladder(
        "exchange", "", sides=(one, other), rate=number(0.08), moves=8, war=war,
        war_worth=both(-100.0), rungs=rungs,
    )  # fmt: skip


def measure(models: dict[str, Model], scenarios: int) -> None:
    ours: dict[str, tuple[CompiledModel, Inputs]] = {}
    for label, model in models.items():
        inputs = Design(model, policies=["baseline"], scenarios=scenarios, seed=1).inputs("baseline")
        ours[label] = compile_model(model, cache=False), inputs
    best = dict.fromkeys(models, float("inf"))
    for _ in range(ROUNDS):
        for label, (compiled, inputs) in ours.items():
            began = time.process_time()
            compiled.run(inputs)
            best[label] = min(best[label], time.process_time() - began)
    for label, seconds in best.items():
        compiling = sum(ours[label][0].seconds.values())
        print(f"  {label:32} {seconds / scenarios * 1e6:10.1f} us a run   compiled in {compiling:.2f} s")


def main() -> None:
    print("brinkmanship")
    model = load("brinkmanship")
    never = tuple(replace(x, rate=number(0.0)) for x in model.ladders)
    measure(
        {"with its ladder": model, "that never opens": replace(model, ladders=never),
         "without": replace(model, ladders=())}, 2000,
    )  # fmt: skip
    print("us-iran-2020, deciders at depth 1")
    model = load("us-iran-2020")
    model = replace(model, actors=tuple(replace(a, depth=min(a.depth, 1)) for a in model.actors), ladders=())
    stock = model.stocks[0].name
    measure(
        {"without": model, "with one of parameters": replace(model, ladders=(ladder(model, None),)),
         "with one that reads a stock": replace(model, ladders=(ladder(model, stock),))}, 256,
    )  # fmt: skip


if __name__ == "__main__":
    main()
