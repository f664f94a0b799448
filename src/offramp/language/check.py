"""The text of a model -> a `Model`, or every problem in it at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from offramp.language import keys
from offramp.language.fields import Fields
from offramp.language.files import source_of, source_of_text
from offramp.language.reader import Reader
from offramp.language.sections.actors import read_actors
from offramp.language.sections.built_in import check_claims
from offramp.language.sections.claims import read_claims
from offramp.language.sections.correlations import read_correlations
from offramp.language.sections.events import read_events
from offramp.language.sections.evidence import read_evidence
from offramp.language.sections.head import read_horizon, read_model
from offramp.language.sections.ladders import read_ladders
from offramp.language.sections.lookups import read_lookups
from offramp.language.sections.memories import read_memories
from offramp.language.sections.names import collect
from offramp.language.sections.never_true import check_conditions
from offramp.language.sections.outcomes import read_outcomes
from offramp.language.sections.policies import read_policies
from offramp.language.sections.rows import check_rows
from offramp.language.sections.values import auxiliary_order, read_parameters, read_variables
from offramp.language.source import ParsedModel, Scalar
from offramp.model import Base, File, Model


def load(path: str | Path) -> Model:
    """Read and check a model.

    Parameters
    ----------
    path : a file, a folder of chapters, or the name of a bundled crisis such as `us-iran-2020`

    Raises
    ------
    ModelError
        With every problem found.
    UsageError
        If there is no such file, folder or bundled crisis, or it cannot be read.
    """
    return _check(source_of(path))


def loads(text: str | bytes, file: str = "<text>") -> Model:
    """Read and check the text of a model file; `file` is its name in messages.

    Text stands in no folder: it can `extend` a bundled crisis, but no file, and has no chapters.

    Raises
    ------
    ModelError
        With every problem found.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return _check(source_of_text(data, file))


def _check(source: ParsedModel) -> Model:
    """Every section in an order in which each finds what it needs; problems are raised together."""
    reader = Reader(source)
    file = Fields(reader, Scalar("", 1, 1), source.root, keys.FILE, "the model")
    file.check_keys()
    head = read_model(reader, file)
    calendar = read_horizon(reader, file)
    names = collect(reader, file, calendar)
    lookups = read_lookups(reader, file, names)
    parameters = read_parameters(reader, file, names)
    variables = read_variables(reader, file, names, parameters)
    outcomes = read_outcomes(reader, file, names)
    events = read_events(reader, file, names)
    actors = read_actors(reader, file, names)
    correlations = read_correlations(reader, file, names, parameters, variables, actors)
    ladders = read_ladders(reader, file, names, outcomes)
    policies = read_policies(reader, file, names, variables, actors)
    evidence, tables = read_evidence(reader, file, names)
    claims = read_claims(reader, file, names, policies, events)
    order = auxiliary_order(reader, file, variables)
    memories = read_memories(reader, file, names.memories, variables)
    model = Model(
        name=head.name,
        title=head.title,
        summary=head.summary,
        sources=head.sources,
        start=calendar.start,
        step=calendar.step,
        steps=calendar.steps,
        substeps=calendar.substeps,
        lookups=lookups,
        memories=memories,
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
        correlations=correlations,
        illustrative=head.illustrative,
        file=source.file,
        hash=source.hash,
        files=tuple(
            File(t.file, t.path, t.text, t.data, layer is source, t.place_on_disk)
            for layer in source.chain
            for t in layer.texts
        ),
        tables=tuple(reader.tables),
        base=_base(source),
        noticed=source.notes,
    )
    check_conditions(reader, file, model)
    if reader.clean():
        check_claims(reader, file, model)
    check_rows(reader, file, model, tables)
    if not reader.clean():
        raise reader.error()
    return replace(model, noticed=(*model.noticed, *reader.notes))


def _base(source: ParsedModel) -> Base | None:
    below = source.base
    return None if below is None else Base(below.file, below.hash, source.changes, _base(below))
