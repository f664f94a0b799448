"""A model file -> a `Model`, or every problem in it at once."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from offramp import keys
from offramp.errors import ModelError, UsageError
from offramp.model import Model, Variable
from offramp.reader import Fields, Reader
from offramp.sections.actors import read_actors
from offramp.sections.events import read_events, read_outcomes
from offramp.sections.head import read_horizon, read_model
from offramp.sections.names import collect
from offramp.sections.policies import read_policies
from offramp.sections.values import read_parameters, read_units, read_variables
from offramp.source import Scalar, Source, read
from offramp.tree import variables_in


def load(path: str | Path) -> Model:
    """Read and check a model file.

    Parameters
    ----------
    path : a file, or the name of a bundled crisis such as `us-iran-2020`

    Raises
    ------
    ModelError
        With every problem found.
    UsageError
        If there is no such file or bundled crisis.
    """
    file = Path(path)
    if file.is_file():
        return _check(read(file.read_bytes(), str(path)))
    bundled = resources.files("offramp.crises")
    # A bundled name is one word: nothing outside the folder can be reached through it.
    if str(path) in bundled_names():
        return _check(read((bundled / f"{path}.yaml").read_bytes(), f"{path}.yaml"))
    if file.is_dir():
        raise UsageError(f"{path} is a folder, not a model file.")
    raise UsageError(
        f"There is no file {path}, and no bundled crisis of that name ({', '.join(bundled_names())})."
    )


def loads(text: str | bytes, file: str = "<text>") -> Model:
    """Read and check the text of a model file; `file` is its name in messages.

    Raises
    ------
    ModelError
        With every problem found.
    """
    return _check(read(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text, file))


def bundled_names() -> tuple[str, ...]:
    """Names of the crises that come with offramp."""
    folder = resources.files("offramp.crises")
    return tuple(sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")))


def _check(source: Source) -> Model:
    reader = Reader(source)
    file = Fields(reader, Scalar("", 1, 1), source.root, keys.FILE, "the model")
    file.check_keys()
    head = read_model(reader, file)
    calendar, _ = read_horizon(reader, file)
    names = collect(reader, source.root, calendar)
    read_units(reader, source.root, names)
    parameters = read_parameters(reader, file, names)
    variables = read_variables(reader, file, names)
    outcomes = read_outcomes(reader, file, names)
    events = read_events(reader, file, names)
    actors = read_actors(reader, file, names)
    policies = read_policies(reader, file, names, variables)
    order = auxiliary_order(reader, file, variables)
    if reader.problems:
        raise ModelError(list(dict.fromkeys(reader.problems)))
    return Model(
        name=head.name,
        title=head.title,
        summary=head.summary,
        sources=head.sources,
        start=calendar.start,
        step=calendar.step,
        steps=calendar.steps,
        variables=variables,
        parameters=parameters,
        actors=actors,
        events=events,
        outcomes=outcomes,
        policies=policies,
        auxiliary_order=order,
        illustrative=head.illustrative,
        file=source.file,
        hash=source.hash,
        text=source.text,
    )


def auxiliary_order(reader: Reader, file: Fields, variables: tuple[Variable, ...]) -> tuple[str, ...]:
    """Names of auxiliaries so that each reads only stocks and those before it; a circle is a problem.

    Stable: in the order of the file as far as that can be.
    """
    formulas = {v.name: v.equals for v in variables if v.equals is not None}
    reads = {
        name: [n for n in formulas if n in variables_in(formula.node)] for name, formula in formulas.items()
    }
    order: list[str] = []
    waiting = list(reads)
    while waiting:
        ready = next((n for n in waiting if all(r in order for r in reads[n])), None)
        if ready is None:
            circle = _circle(waiting, reads, order)
            mapping = reader.mapping(file.value("variables"), "variables", "names")
            at = mapping.key(circle[0]) if mapping is not None else None
            reader.say(
                at or file.key,
                f"`{circle[0]}` depends on itself: {' -> '.join([*circle, circle[0]])}"
                if len(circle) > 1
                else f"`{circle[0]}` depends on itself",
                "Make one of them a stock (`initial` and `change`): a feedback needs something that takes time.",
            )
            return tuple(order)
        waiting.remove(ready)
        order.append(ready)
    return tuple(order)


def _circle(waiting: list[str], reads: dict[str, list[str]], done: list[str]) -> list[str]:
    """One circle among auxiliaries that wait for one another, from its first in the file."""
    path = [waiting[0]]
    while True:
        follow = next(r for r in reads[path[-1]] if r not in done)
        if follow in path:
            circle = path[path.index(follow) :]
            first = min(range(len(circle)), key=lambda i: waiting.index(circle[i]))
            return circle[first:] + circle[:first]
        path.append(follow)
