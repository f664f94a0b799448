"""A model file -> a `Model`, or every problem in it at once."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from offramp.errors import UsageError
from offramp.language import keys
from offramp.language.fields import Fields
from offramp.language.reader import Reader
from offramp.language.sections.actors import read_actors
from offramp.language.sections.circles import auxiliary_order
from offramp.language.sections.events import read_events
from offramp.language.sections.head import read_horizon, read_model
from offramp.language.sections.ladders import read_ladders
from offramp.language.sections.names import collect
from offramp.language.sections.outcomes import read_outcomes
from offramp.language.sections.policies import read_policies
from offramp.language.sections.possible import check_conditions
from offramp.language.sections.values import read_parameters, read_variables
from offramp.language.source import Scalar, Source
from offramp.language.yaml_reader import MAX_BYTES, read
from offramp.model import Model


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
        If there is no such file or bundled crisis, or it cannot be read.
    """
    file = Path(path)
    try:
        if file.is_file():
            with file.open("rb") as stream:
                return _check(read(stream.read(MAX_BYTES + 1), str(path)))
        is_folder = file.is_dir()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    # Looked up among names, so that nothing outside the folder can be reached through it.
    if str(path) in bundled_names():
        data = (resources.files("offramp.crises") / f"{path}.yaml").read_bytes()
        return _check(read(data, f"{path}.yaml"))
    if is_folder:
        raise UsageError(f"{path} is a folder, not a model file.")
    raise UsageError(f"There is no file {path}, and no bundled crisis of that name. {_bundled()}")


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


def _bundled() -> str:
    names = bundled_names()
    return f"Bundled: {', '.join(names)}." if names else "None is bundled."


def _check(source: Source) -> Model:
    """Every section in an order in which each finds what it needs; problems are raised together."""
    reader = Reader(source)
    file = Fields(reader, Scalar("", 1, 1), source.root, keys.FILE, "the model")
    file.check_keys()
    head = read_model(reader, file)
    calendar = read_horizon(reader, file)
    names = collect(reader, file, calendar)
    parameters = read_parameters(reader, file, names)
    variables = read_variables(reader, file, names, parameters)
    outcomes = read_outcomes(reader, file, names)
    events = read_events(reader, file, names)
    actors = read_actors(reader, file, names)
    ladders = read_ladders(reader, file, names, outcomes)
    policies = read_policies(reader, file, names, variables)
    order = auxiliary_order(reader, file, variables)
    model = Model(
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
        ladders=ladders,
        policies=policies,
        auxiliary_order=order,
        illustrative=head.illustrative,
        file=source.file,
        hash=source.hash,
        text=source.text,
    )
    check_conditions(reader, file, model)
    if not reader.clean():
        raise reader.error()
    return model
