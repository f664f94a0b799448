"""A model file -> a `Model`, or every problem in it at once."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import resources
from pathlib import Path

from offramp.errors import ModelError, UsageError
from offramp.given import did_you_mean
from offramp.language import keys
from offramp.language.fields import Fields
from offramp.language.layers import extend
from offramp.language.reader import Reader, shape
from offramp.language.sections.actors import read_actors
from offramp.language.sections.built_in import check_claims
from offramp.language.sections.claims import read_claims
from offramp.language.sections.events import read_events
from offramp.language.sections.evidence import read_evidence
from offramp.language.sections.head import read_horizon, read_model
from offramp.language.sections.ladders import read_ladders
from offramp.language.sections.names import collect
from offramp.language.sections.never_true import check_conditions
from offramp.language.sections.outcomes import read_outcomes
from offramp.language.sections.policies import read_policies
from offramp.language.sections.values import auxiliary_order, read_parameters, read_variables
from offramp.language.source import Mapping, Scalar, Source, Value
from offramp.language.yaml_reader import MAX_BYTES, read
from offramp.model import Base, Model

_BUNDLED = re.compile(r"[a-z0-9][a-z0-9_-]*")


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
                return _check(_laid(read(stream.read(MAX_BYTES + 1), str(path)), file.parent), file.parent)
        is_folder = file.is_dir()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    # Looked up among names, so that nothing outside the folder can be reached through it.
    if str(path) in bundled_names():
        return _check(_laid(read(_bundled_bytes(str(path)), f"{path}.yaml"), None))
    if is_folder:
        raise UsageError(f"{path} is a folder, not a model file.")
    raise UsageError(f"There is no file {path}, and no bundled crisis of that name. {_bundled()}")


def loads(text: str | bytes, file: str = "<text>") -> Model:
    """Read and check the text of a model file; `file` is its name in messages.

    Text stands in no folder: it can `extend` a bundled crisis, but no file.

    Raises
    ------
    ModelError
        With every problem found.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return _check(_laid(read(data, file), None))


def bundled_names() -> tuple[str, ...]:
    """Names of the crises that come with offramp."""
    folder = resources.files("offramp.crises")
    return tuple(sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")))


def _bundled() -> str:
    names = bundled_names()
    return f"Bundled: {', '.join(names)}." if names else "None is bundled."


def _bundled_bytes(name: str) -> bytes:
    return (resources.files("offramp.crises") / f"{name}.yaml").read_bytes()


def _laid(source: Source, folder: Path | None) -> Source:
    """The file laid over the one that it extends, if it does. `folder` is where the file stands."""
    at = source.root.get("extend")
    if at is None:
        without = source.root.key("without")
        if without is None:
            return source
        message = "`without` leaves out parts of the file that `extend` names, and there is no `extend`"
        hint = "Write `extend: us-iran-2020` or `extend: other.yaml` above it, or take `without` out."
        raise ModelError([*source.problems, source.problem(without, message, hint)])
    found = _base(source, at, folder)
    base = read(*found, layer=1)
    if base.root.get("extend") is not None:
        message = f"{base.file} extends another file itself; a model is at most two files"
        hint = "Extend what it extends, and write out here what is needed of it."
        raise ModelError([*source.problems, source.problem(at, message, hint)])
    model = source.root.get("model")
    named = isinstance(model, Mapping) and model.get("name") is not None
    laid = extend(source, base)
    if named:
        return laid
    message = "a file that extends another is a model of its own and needs a name"
    problem = source.problem(at, message, "Write `model: {name: ...}`, and a `title` beside it.")
    return replace(laid, problems=(*laid.problems, problem))


def _base(source: Source, at: Value, folder: Path | None) -> tuple[bytes, str]:
    """Bytes of the file that `extend` names, and what to call it."""

    def stop(message: str, *hint: str) -> ModelError:
        return ModelError([*source.problems, source.problem(at, message, *hint)])

    if not isinstance(at, Scalar) or not at.text.strip():
        hint = "It is a bundled crisis (`extend: us-iran-2020`) or a file beside this (`extend: base.yaml`)."
        raise stop(f"`extend` must be one name, not {shape(at)}", hint)
    name = at.text.strip()
    if _BUNDLED.fullmatch(name):
        if name in bundled_names():
            return _bundled_bytes(name), f"{name}.yaml"
        near = did_you_mean(name, bundled_names())
        raise stop(
            f"no crisis `{name[:60]}` comes with offramp",
            near,
            "`offramp crises` lists them. The name of a file ends in `.yaml`.",
        )
    parts = name.removeprefix("./").split("/")
    if "://" in name:
        raise stop("`extend` takes no address of the web", "Save the file beside this one and name it.")
    if not name.endswith((".yaml", ".yml")) or re.search(r"[\\:~\0]", name) or {"", ".", ".."} & set(parts):
        raise stop(
            f"`{name[:60]}` cannot be extended",
            "It may be a bundled crisis, or a `.yaml` file in the same folder or in one below it.",
        )
    if folder is None:
        raise stop(
            f"`{name[:60]}` cannot be found: this text stands in no folder",
            "Text and bundled files can extend bundled crises only.",
        )
    path = folder.joinpath(*parts)
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise stop(f"`{name[:60]}` leads out of the folder of this file", "Copy the file that is meant.")
        if not path.is_file():
            raise stop(f"there is no file {path}", "The name is read from the folder of this file.")
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1), str(path)
    except OSError as error:
        raise stop(f"{path} cannot be read: {error.strerror}") from None


def _check(source: Source, folder: Path | None = None) -> Model:
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
    policies = read_policies(reader, file, names, variables, actors)
    evidence = read_evidence(reader, file, names, folder)
    claims = read_claims(reader, file, names, policies, events)
    order = auxiliary_order(reader, file, variables)
    below = source.base
    base = Base(below.file, below.hash, source.changes, below.text) if below is not None else None
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
        evidence=evidence,
        claims=claims,
        illustrative=head.illustrative,
        file=source.file,
        hash=source.hash,
        text=source.text,
        base=base,
    )
    check_conditions(reader, file, model)
    if reader.clean():
        check_claims(reader, file, model)
    if not reader.clean():
        raise reader.error()
    return model
