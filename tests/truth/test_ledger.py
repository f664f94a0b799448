"""Forecast files: their hashes, their chain, and their scores."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from border import question
from offramp import Sampling, UsageError, load, score
from offramp.questions.score.ask import Score, with_answer
from offramp.questions.score.tell import tell
from offramp.tell.terminal import text_of
from offramp.truth import baselines, ledger
from offramp.truth.ledger import Chance, CountForecast, Level

FEW = Sampling(particles=20, chains=1)


def text_at(found, columns=80):
    return " ".join(text_of(tell(found), "again", "by", columns).split())


def plain(forecast):
    """What a forecast's file holds."""
    return json.loads(forecast.as_file())


# Written before forecasts had types: of the same model, list, day and sampling as `first`.
KEPT = Path(__file__).parent / "border-forecast-2020-07-01.json"


def hashed(forecast, **changes):
    """A forecast with changes, and a hash that is right for them."""
    changed = replace(forecast, **changes)
    return replace(changed, hash=ledger.hash_of(changed))


def test_a_forecast_file_made_before_is_made_again_byte_by_byte(first):
    """Forecasts are chained by their hashes: a byte that changes would break every chain."""
    kept = KEPT.read_bytes()
    assert ledger.read(KEPT).as_file().encode() == kept
    again = hashed(first, offramp=ledger.read(KEPT).offramp)
    assert again.as_file().encode() == kept


def test_a_forecast_comes_back_from_its_file_as_it_was(first, tmp_path):
    ledger.write(first, tmp_path / "first.json")
    assert ledger.read(tmp_path / "first.json") == first
    assert {type(q) for q in first.questions} == {Chance, CountForecast, Level}


def test_a_forecast_is_scored_by_what_came(first, asked):
    found = score(first, asked)
    assert (found.asked, found.resolved) == (10, 10)
    raid = next(q for q in found.questions if q.name == "raid" and q.months == 3)
    assert raid.answer == 1.0
    assert raid.brier == pytest.approx((1 - raid.probability) ** 2)
    early = score(first, asked, known_by=date(2020, 10, 2))
    assert early.resolved < 10, "what is not known yet is not scored"
    # That no raid is in the table by then does not mean that none will come by January.
    assert all(q.answer is None for q in early.questions if q.months == 6)
    assert next(q for q in early.questions if (q.name, q.months) == ("raid", 3)).answer == 1.0


def test_a_score_comes_back_from_its_json_as_it_was(first, asked):
    for known_by in (None, date(2020, 10, 2)):
        found = score(first, asked, known_by=known_by)
        assert Score.from_dict(json.loads(found.to_json())) == found


def test_the_score_of_few_answers_is_told_in_counts(first, asked):
    """Two of two within nine tenths is no 100 %; how many there are stands in text and JSON."""
    found = score(first, asked)
    assert (found.binary.asked, found.binary.resolved) == (6, 6)
    assert (found.sampled.asked, found.sampled.resolved) == (4, 4)
    binary = [q for q in found.questions if isinstance(q, Chance)]
    for name in baselines.BASELINES:
        nearer = sum(abs(q.probability - q.answer) < abs(q.baselines[name] - q.answer) for q in binary)
        assert found.binary.nearer[name] == nearer
    assert found.sampled.half == 4 * found.inside_half
    text = text_at(found)
    assert "Yes-or-no questions: 6 of 6" in text
    assert f"Climatology {found.binary.nearer['climatology']} of 6" in text
    assert f"{found.sampled.half} of 4 fell within the middle half" in text
    assert "Mean scores are not given for fewer than 20 answers: one answer more or less" in text
    before, _, _ = text.partition("Question by question")
    assert not re.search("%|Brier", before)


def test_the_score_of_many_answers_has_shares_and_means(first, asked):
    """The same forecast five times over: 30 yes-or-no questions, and 20 counts and levels."""
    found = score(hashed(first, questions=first.questions * 5), asked)
    text = text_at(found)
    assert f"The model {found.brier:.3f} Climatology {found.baselines['climatology']:.3f}" in text
    assert f"{found.binary.nearer['trend']} of 30" in text
    assert re.search(r"\d % fell within the middle half", text)
    assert "not given for fewer" not in text


def test_nothing_that_has_come_out_has_no_score(first, asked):
    found = score(first, asked, known_by=date(2020, 7, 2))
    assert (found.brier, found.binary.resolved, found.sampled.half) == (None, 0, 0)
    text = text_at(found)
    assert "0 of 10 questions have come out" in text
    assert "Counts and levels" not in text


@pytest.mark.parametrize("change", ["probability", "as_of", "previous", "settings"])
def test_a_forecast_that_was_changed_is_refused(first, asked, change):
    told = plain(first)
    if change == "probability":
        entry = next(q for q in told["questions"] if "probability" in q)
        entry["probability"] = min(entry["probability"] + 1e-6, 1.0)
    else:
        told[change] = {"as_of": "2020-06-30", "previous": "0" * 64, "settings": {}}[change]
    with pytest.raises(UsageError, match="was changed after it was made"):
        ledger.from_plain(told, "it")
    with pytest.raises(UsageError, match="the forecast was changed after it was made"):
        score(replace(first, as_of=date(2020, 6, 30)), asked)


def test_answers_are_counted_within_the_central_half_and_nine_tenths_of_a_forecast(asked):
    quantiles = {"0.05": 0.0, "0.25": 2.0, "0.5": 4.0, "0.75": 6.0, "0.95": 8.0}
    terms = question(asked, "raids").terms
    entry = CountForecast("raids", "Raids", "count", 3, date(2020, 10, 1), terms, quantiles, 4.0)
    inside = [with_answer(entry, y) for y in (-1.0, 1.0, 4.0, 7.0, 9.0)]
    assert [v.inside_half for v in inside] == [0, 0, 1, 0, 0]
    assert [v.inside_nine_tenths for v in inside] == [0, 1, 1, 1, 0]


@pytest.mark.parametrize(("day", "message"), [
    (date(2035, 1, 1), "2035-01-01 lies after the end of `border`, 2022-01-01."),
    (date(2021, 12, 1), "`border` ends on 2022-01-01: no horizon of the questions fits after 2021-12-01."),
])  # fmt: skip
def test_a_forecast_that_the_model_does_not_reach_is_refused_before_anything_runs(
    folder, asked, day, message, monkeypatch
):
    monkeypatch.setattr(ledger, "calibrate", lambda *_, **__: pytest.fail("it ran"))
    with pytest.raises(UsageError, match=message.replace(".", "[.]")):
        ledger.forecast(load(folder / "border.yaml"), asked, day, FEW)


def test_a_forecast_is_not_scored_for_what_it_was_not_asked(first, asked):
    """Who moves a threshold after the event would have any forecast come true."""

    def moved(q):
        return replace(q, above=50.0) if q.above is not None else q

    changed = replace(asked, questions=tuple(moved(q) for q in asked.questions))
    assert changed.questions != asked.questions
    with pytest.raises(UsageError, match=r"was made for `above: .*, and the list says `above: 50[.]0`"):
        score(first, changed)
    grown = replace(asked, questions=(*asked.questions, replace(asked.questions[0], name="another")))
    assert score(first, grown).brier == score(first, asked).brier


@pytest.mark.parametrize(("change", "message"), [
    (lambda t: t.pop("model"), "it has no `model`"),
    (lambda t: t.update(as_of="soon"), "one of its questions is not whole"),
    (lambda t: t["questions"][0].pop("baselines"), "one of its questions is not whole"),
    (lambda t: t["questions"][0].update(probability="much"), "one of its questions is not whole"),
    (lambda t: t["questions"].append(3), "one of its questions is not whole"),
    (lambda t: t["questions"][0].update(probability=1.5), "one of its questions is not whole"),
    (lambda t: t["questions"][0]["baselines"].pop("trend"), "one of its questions is not whole"),
    (lambda t: t.update(mood="good"), "it has `mood`, which this version of offramp does not know"),
])  # fmt: skip
def test_a_forecast_with_its_hash_made_anew_must_still_be_whole(first, change, message):
    told = plain(first)
    assert "probability" in told["questions"][0]
    change(told)
    told["hash"] = ledger.hash_of(told)
    with pytest.raises(UsageError, match=message):
        ledger.from_plain(told, "it")


@pytest.mark.parametrize("text", ["no", "[" * 100_000, '{"a": 1}', ""])
def test_what_is_no_forecast_is_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UsageError, match="is not a forecast of offramp"):
        ledger.read(tmp_path / "x.json")


def test_nothing_is_chained_to_a_forecast_that_was_changed(first, folder, asked):
    forged = replace(first, as_of=date(2020, 6, 30))
    with pytest.raises(UsageError, match="the previous forecast was changed"):
        ledger.forecast(load(folder / "border.yaml"), asked, date(2021, 1, 1), FEW, previous=forged)


def test_forecasts_are_chained(first, folder, asked):
    again = ledger.forecast(load(folder / "border.yaml"), asked, date(2021, 1, 1), FEW, previous=first)
    assert again.previous == first.hash
    assert again.hash != first.hash


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        (lambda text: '{"as_of": "1999-01-01",' + text[1:], "says `as_of` twice"),
        (lambda text: text.replace('"mean": ', '"mean": 9, "mean": ', 1), "says `mean` twice"),
        (lambda text: text.replace("\n", "\n\n", 1), "is not written as offramp writes it"),
        (lambda text: json.dumps(json.loads(text), sort_keys=True), "is not written as offramp writes it"),
    ],
)
def test_a_forecast_that_reads_otherwise_to_others_is_refused(first, tmp_path, forged, said):
    """Of two equal keys some programs take the first and some the last, whatever the hash says."""
    path = tmp_path / "forged.json"
    path.write_text(forged(first.as_file()), encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        ledger.read(path)
    path.write_bytes(first.as_file().replace("\n", "\r\n").encode())
    assert ledger.read(path) == first, "line ends of Windows change nothing"
