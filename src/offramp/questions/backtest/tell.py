"""A backtest in words: how far the model can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offramp.model import Model
from offramp.questions.backtest.chart import chart
from offramp.questions.truth_text import CHANCE_RULES, part_of, titled
from offramp.tell import figures
from offramp.tell.blocks import Block, Figure, Heading, Paragraph, Table, Telling
from offramp.tell.words import counted
from offramp.truth.baselines import TITLES
from offramp.truth.results import Backtest, Coverage
from offramp.truth.scores import LEAST_FOR_SHARES
from offramp.truth.skill import BrierSkill, CrpsSkill, QuestionScore, Skill

_MOST_WORST = 3


def tell(found: Backtest, model: Model | None = None) -> Telling:
    """What `offramp backtest` says."""
    return Telling(
        title=f"{found.title}: forecasts of the past",
        head=[*_asked(found), Paragraph(_verdict(found.skill))],
        body=[
            *_yes_or_no(found),
            *_parts(found),
            *_sampled(found),
            *_questions(found),
            *_choices(found),
            *_coverage(found),
        ],
        section="How far to trust it",
        caveats=_worst(found),
    )


def _asked(found: Backtest) -> Iterator[Paragraph]:
    """How much was asked, and what was left out."""
    yield Paragraph(
        f"“{found.title}” was asked {_number_of_questions(found)} questions at "
        f"{counted(len(found.origins), 'day')} "
        f"from {found.origins[0]} to {found.origins[-1]}: {counted(found.asked, 'answer')}, of which "
        f"{found.resolved:,} can be held against what came. At each day the model knew what had been "
        "published by then, and no more."
    )
    if found.void:
        were = "was" if found.void == 1 else "were"
        yield Paragraph(f"{found.void:,} {were} void, and count for nothing: what they hang on did not come.")
    days, answers = found.left_out.origins, found.left_out.answers
    if days or answers:
        yield Paragraph(
            f"Left out, outside the time of the model or after --until: {days:,} day{'s' * (days != 1)} of "
            f"the list, and {answers:,} answer{'s' * (answers != 1)} at the days that are left."
        )


def _number_of_questions(found: Backtest) -> int:
    return len({q.name for q in found.questions})


def _verdict(skill: Skill) -> str:
    if not skill.questions:
        return "No yes-or-no question has come out, so there is no skill to tell."
    rule = skill.best_without_model
    of_rule = _against(rule, f"the best rule without a model ({str(rule.title).lower()})")
    return f"{of_rule} {_against(skill.prior_model, 'itself before any evidence')}"


def _against(one: BrierSkill, other: str) -> str:
    skill = f"skill {_share(one.brier_skill)}, between {_share(one.low)} and {_share(one.high)}"
    if not one.distinguishable:
        return f"The model cannot be distinguished from {other}: {skill}."
    return f"The model {'beats' if (one.low or 0) > 0 else 'does worse than'} {other}: {skill}."


def _worst(found: Backtest) -> list[str]:
    """Where simple rules do better, in a sentence."""
    worst = [q for q in found.by_question if q.kind == "binary" and q.skill is not None and q.skill < 0]
    worst.sort(key=lambda q: q.score - q.best_score, reverse=True)
    named = [
        f"{q.title} (said {figures.percent(q.said, 0)}, came {figures.percent(q.happened, 0)})"
        for q in worst[:_MOST_WORST]
    ]
    return [f"Forecasts of the past were worst against simple rules on: {'; '.join(named)}."] if named else []


# ── yes-or-no questions ───────────────────────────────────────────────────────────────────────────────────


def _yes_or_no(found: Backtest) -> Iterator[Block]:
    skill = found.skill
    if not skill.questions:
        return
    yield Heading("Yes-or-no questions")
    yield Paragraph(
        "Brier score: mean squared distance of the probability from what came, 0 at best. Skill: share "
        "of another's score that the model saves; negative, it does worse. Intervals resample "
        f"{_stretches(found.stretch)}."
    )
    rows = [("The model", _score(skill.model_brier), "", "")]
    for one in (*skill.each.values(), skill.best_of_each):
        rows.append((str(one.title), _score(one.brier), _share(one.brier_skill), _between(one)))
    yield Table(("", "Brier", "skill of the model", "90 % interval"), rows)
    yield Paragraph(
        "Climatology: as often as since the start of the model, levels as they ever were. Persistence: "
        "as often as in the time just as long before, levels as they are. Trend: levels go on as over "
        "the last year, the rest as in the climatology.",
        1,
    )
    listed = _number_of_questions(found)
    if found.base_rates < listed:
        yield Paragraph(
            f"Base rates: {found.base_rates} of {listed} questions have one; the climatology answers for the "
            "rest.",
            1,
        )
    yield _reliability(found)


def _reliability(found: Backtest) -> Figure:
    sentence = (
        "Each dot is a tenth of the scale: how often things came where about so much was said, with its 90 % "
        "interval. On the dashed line they come as often as is said; above it, more often."
    )
    rows = [
        (figures.percent(b.said), figures.percent(b.happened), figures.count(b.n)) for b in found.reliability
    ]
    table = Table(("Said, on average", "Came", "Answers"), rows)
    return Figure("reliability", "Said and came", sentence, chart(found), table)


def _stretches(length: int) -> str:
    return "the days" if length == 1 else f"stretches of {length} days, since neighbours share answers"


def _parts(found: Backtest) -> Iterator[Block]:
    """Skill by what was asked, how far ahead, and when it was answered."""
    groups = [(_capital(topic), skill) for topic, skill in found.skill_by_topic.items()]
    groups += [(_part(name), skill) for name, skill in found.skill_by.items()]
    if not groups:
        return
    yield Heading("Where the skill is")
    yield Paragraph(
        "Against the rule without a model that is best within the group, and against the best of them for "
        "each question (90 % intervals)."
    )
    rows = [
        (
            title,
            f"{skill.questions:,}",
            _score(skill.model_brier),
            _with_interval(skill.best_without_model),
            _with_interval(skill.best_of_each),
        )
        for title, skill in groups
    ]
    yield Table(("", "answers", "Brier", "against the best rule", "best for each"), rows)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _part(name: str) -> str:
    """A key of `skill_by` in words: `before_2021`, `from_2021`, `3_months`, `10_days`, `closing_days`."""
    kind, _, rest = name.partition("_")
    if kind in ("before", "from"):
        return f"Answered before {rest}" if kind == "before" else f"Answered from {rest} on"
    if kind == "closing":
        return "Up to a day of the question's own"
    unit = "month" if rest == "months" else rest.removesuffix("s")
    return f"{kind} {unit}{'' if kind == '1' else 's'} ahead"


# ── counts and levels, question by question, how wide ─────────────────────────────────────────────────────


def _sampled(found: Backtest) -> Iterator[Block]:
    kinds = (("count", "Counts"), ("continuous", "Levels"))
    rows = [
        (f"{title}: {TITLES[who]}", _share(one.crps_skill), _between(one))
        for kind, title in kinds
        if kind in found.sampled_skill
        for who, one in found.sampled_skill[kind].each.items()
    ]
    if rows:
        yield Heading("Counts and levels")
        yield Table(("against", "skill of the model (CRPS)", "90 % interval"), rows)


def _questions(found: Backtest) -> Iterator[Block]:
    skills = {q.name: q.skill if q.asked >= LEAST_FOR_SHARES else None for q in found.by_question}
    if not found.by_question:
        return
    yield Heading("Question by question")
    if any(skill is not None for skill in skills.values()):
        yield Paragraph("Skill against the best rule without a model on that question, most first.")
    yield Table(
        ("", "asked", "came", "said", "skill", "best rule"),
        [_question(q, skills[q.name]) for q in _best_first(found.by_question, skills)],
    )
    if any(q.asked < LEAST_FOR_SHARES for q in found.by_question):
        yield Paragraph(f"-: not given for fewer than {LEAST_FOR_SHARES} answers: {CHANCE_RULES}.", 1)


def _choices(found: Backtest) -> Iterator[Block]:
    """Questions of several choices: what was said of each, what came, and the score beside the best rule."""
    if not found.choices:
        return
    yield Heading("Of several choices")
    yield Paragraph(
        "Scores, 0 at best: of bins the ranked probability score, else Brier's over all choices (2 at worst)."
    )
    rows = []
    for q in found.choices:
        skill = _share(q.skill) if q.asked >= LEAST_FOR_SHARES else "-"
        rule = "base rates" if q.best_without_model == "crisis_data" else q.best_without_model
        about = (q.title, str(q.asked), f"{q.score:.3f}", f"{q.best_score:.3f} ({rule})", skill)
        for i, (name, share) in enumerate(q.came.items()):
            came = (name, part_of(share, q.asked), figures.percent(q.said[name]))
            rows.append((*(about if i == 0 else ("",) * len(about)), *came))
    yield Table(("", "asked", "score", "best rule", "skill", "choice", "came", "said"), rows)


def _best_first(found: Sequence[QuestionScore], skills: dict[str, float | None]) -> list[QuestionScore]:
    def place(q: QuestionScore) -> tuple[bool, float]:
        skill = skills[q.name]
        return skill is None, -(skill or 0.0)

    return sorted(found, key=place)


def _question(q: QuestionScore, skill: float | None) -> tuple[str, ...]:
    binary = q.kind == "binary"
    return (
        titled(q.title, q.unit),
        str(q.asked),
        part_of(q.happened, q.asked) if binary else f"{q.happened:.3g}",
        figures.percent(q.said) if binary else f"{q.said:.3g}",
        _share(skill),
        "base rates" if q.best_without_model == "crisis_data" else q.best_without_model,
    )


def _coverage(found: Backtest) -> Iterator[Block]:
    """Coverage of intervals for levels, before any evidence and after."""
    if "all" not in found.coverage:
        return
    titles = {q.name: titled(q.title, q.unit) for q in found.by_question}
    yield Heading("How wide")
    yield Paragraph(
        "Share of levels that fell within the middle half and the middle nine tenths of what was said: it "
        "should be 50 and 90 %. Before: the model without any evidence."
    )
    yield Table(
        ("", "points", "in 50 %", "in 90 %", "before: in 50 %", "in 90 %"),
        [_covered(titles.get(name, "All levels"), c) for name, c in found.coverage.items()],
    )


def _covered(title: str, c: Coverage) -> tuple[str, ...]:
    shares = (c.half, c.nine_tenths, c.prior_half, c.prior_nine_tenths)
    return (title, str(c.points), *(part_of(share, c.points) for share in shares))


# ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{100 * value:+.0f} %" if abs(value) < 10 else "far below"


def _between(one: BrierSkill | CrpsSkill) -> str:
    return f"{_share(one.low).removesuffix(' %')} to {_share(one.high)}"


def _with_interval(one: BrierSkill) -> str:
    return f"{_share(one.brier_skill)} ({_between(one).removesuffix(' %')})"
