"""Simulation-based calibration on a crisis's own prior: are posteriors as sure as they should be?

    python benchmarks/sbc.py [--model us-iran-2018] [--until 2018-12-01] [--worlds 80] [--particles 80]
        [--out FILE]

Worlds are drawn from the prior and played; what the sources would have published of each, with their
errors, on the days on which they did publish, takes the place of the evidence; `calibrate` is asked as a
user would. The rank of each true number among draws of its posterior is then uniform (Talts, Betancourt,
Simpson, Vehtari and Gelman 2018, arXiv 1804.06788). Ranks that pile up at both ends say that posteriors are
too sure, in the middle too unsure. Worlds whose crisis would have ended before the day are left out: a
calibration knows that it went on.

Prints the shares of true numbers inside intervals of 50 and 90 %, and the rank histograms of all uncertain
numbers and of those that the planted evidence moves most; what is done is kept in FILE and not done again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from offramp.language.check import load
from offramp.model import Model, Row
from offramp.runs.simulate import engine_for
from offramp.truth.calibration import Sampling, calibrate, from_prior
from offramp.truth.evidence import Record
from offramp.truth.posterior import prior_draws
from offramp.truth.sampler import Sampler

DRAWS = 19  # so that ranks fall into 20 classes
SEED = 20180501
MOVED = 12  # numbers that the evidence moves most, in the second histogram


def published(record: Record, values: np.ndarray) -> Model:
    """The model with other values published on the same days."""
    model, evidence = record.model, []
    for series in record.model.evidence:
        points = [(p, float(v)) for p, v in zip(record.points, values, strict=True) if p.evidence is series]
        rows = []
        if series.kind == "variable":
            for row in series.rows:
                for k, (point, value) in enumerate(points):
                    same = (point.known, point.day, point.value) == (
                        row.known,
                        row.until or row.day,
                        row.value,
                    )
                    if same:
                        rows.append(replace(row, value=value))
                        del points[k]
                        break
        else:
            for point, value in points:
                begin, over = (model.date_of(k) for k in point.steps)
                rows.append(Row(begin, None, over, value))
        evidence.append(replace(series, rows=tuple(rows)))
    return replace(model, evidence=tuple(evidence))


def ranks(model: Model, until: date, worlds: int, particles: int, file: Path) -> dict[str, list[Any]]:
    """For each world the rank of each true number, and how far its posterior has moved."""
    done: dict[str, list[Any]] = {"ranks": [], "gain": [], "seconds": [], "runs": []}
    if file.exists():
        kept = json.loads(file.read_text())
        if kept.get("asked") == [model.hash, until.isoformat(), particles]:
            done = kept
    engine, record = engine_for(model), Record(model, until)
    drawn = from_prior(model, Sampling(particles=2 * worlds, chains=1, seed=SEED), engine)
    z, lineage = drawn.flat()
    lineage[:] = np.arange(len(lineage))[:, None] + 2**61
    outputs = Sampler(drawn.worlds, engine).play(z, lineage, record.steps)
    going = np.flatnonzero(record.possible(outputs))[:worlds]
    shown = record.replicated(outputs, np.random.default_rng(SEED))
    truth = drawn.parameters()
    for number, w in enumerate(going):
        if number < len(done["ranks"]):
            continue
        planted = published(record, shown[w])
        assert len(Record(planted, until).points) == len(record.points)
        began = time.perf_counter()
        found = calibrate(
            planted, until, Sampling(particles=particles, chains=1, seed=number + 1), runner=engine
        )
        rng = np.random.default_rng(number)
        some = rng.choice(particles, DRAWS, replace=False)
        row, gain = {}, {}
        for name, values in found.parameters().items():
            row[name] = int((values[0, some] < truth[name][0, w]).sum())
            prior = prior_draws(next(p.value for p in model.parameters if p.name == name))  # type: ignore[arg-type]
            gain[name] = float(1 - values.std() / prior.std())
        done["ranks"].append(row)
        done["gain"].append(gain)
        done["seconds"].append(time.perf_counter() - began)
        done["runs"].append(found.runs)
        done["asked"] = [model.hash, until.isoformat(), particles]
        file.write_text(json.dumps(done))
        print(f"{number + 1} of {len(going)}: {done['seconds'][-1]:.1f} s", file=sys.stderr, flush=True)
    return done


def told(title: str, found: np.ndarray) -> None:
    """A row of coverage and a histogram in text; worlds, not numbers, are independent."""
    classes = np.bincount(found.ravel(), minlength=DRAWS + 1)
    tens = classes.reshape(10, -1).sum(axis=1)
    half, nine = (
        ((found >= low) & (found <= DRAWS - low)).mean(axis=1) for low in (5, 1)
    )  # 10 and 18 of 20 classes
    expected = found.size / 10
    chi = float(((tens - expected) ** 2 / expected).sum())
    inside = (f"{s.mean():.1%} ± {s.std() / np.sqrt(len(s)):.1%}" for s in (half, nine))
    print(
        f"| {title} | {found.size:,} | {' | '.join(inside)} | {chi:.1f} ({stats.chi2.sf(chi, 9):.2f}) "
        f"| {' '.join(f'{n / expected:.2f}' for n in tens)} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="us-iran-2018")
    parser.add_argument("--until", type=date.fromisoformat, default=date(2018, 12, 1))
    parser.add_argument("--worlds", type=int, default=80)
    parser.add_argument("--particles", type=int, default=80)
    parser.add_argument("--out", type=Path, default=Path("sbc.json"))
    options = parser.parse_args()
    model = load(options.model)
    done = ranks(model, options.until, options.worlds, options.particles, options.out)
    names = list(done["ranks"][0])
    every = np.array([[row[n] for n in names] for row in done["ranks"]])
    gain = np.array([[row[n] for n in names] for row in done["gain"]]).mean(axis=0)
    most = np.argsort(-gain)[:MOVED]
    print(
        f"{len(every)} worlds, {len(names)} uncertain numbers, {options.particles} particles, evidence to "
        f"{options.until}; {np.mean(done['runs']):,.0f} runs, {np.mean(done['seconds']):.1f} s a posterior\n"
    )
    print("| | ranks | in 50 % | in 90 % | chi-squared, 9 df (p if independent) | tenths of ranks |")
    print("|---|---|---|---|---|---|")
    told("all numbers", every)
    told(f"the {MOVED} most moved", every[:, most])
    print("\nMost moved, by how much narrower than the prior: ", end="")
    print(", ".join(f"{names[k]} {gain[k]:.0%}" for k in most))


if __name__ == "__main__":
    main()
