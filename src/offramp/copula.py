"""Correlated numbers: a Gaussian copula over what a model says is correlated.

Each number has its own prior; what joins several is the normal distribution of their normal scores,
z = Φ⁻¹(F(x)), with the correlations that the file gives. So the margins are the priors whatever the
correlation, discrete ones too. A coefficient is one of normal scores. Of two numbers with continuous priors
Spearman's rank correlation is then 6/π·asin(r/2) (Kruskal 1958): nearly r itself. Pearson's correlation of
the numbers is r where both are normal and nearer to 0 for other priors.

References
----------
Nelsen (2006), An introduction to copulas, 2nd edition, section 2.3. Springer.
Kruskal (1958), Ordinal measures of association. Journal of the American Statistical Association 53, 814-861.
Higham (2002), Computing the nearest correlation matrix. IMA Journal of Numerical Analysis 22, 329-343.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from offramp.distribution import standard_normal_below, standard_normal_quantile
from offramp.model import Correlation, Model

Floats = npt.NDArray[np.float64]

# Numbers so near to 0 or 1 that the normal scale would be infinite are held here.
EDGE = 2.0**-53
_LEAST_EIGENVALUE = 1e-6  # of a matrix of correlations that can be


def spearman(r: float) -> float:
    """Spearman's rank correlation of two continuous numbers whose normal scores correlate by r."""
    return 6 / math.pi * math.asin(r / 2)


def pairs_of(correlations: Iterable[Correlation]) -> dict[frozenset[str], float]:
    """Two names -> the correlation of their normal scores; pairs that are not named have none."""
    return {frozenset(pair): c.correlation for c in correlations for pair in combinations(c.of, 2)}


def matrix_of(names: Sequence[str], pairs: dict[frozenset[str], float]) -> Floats:
    """Correlations of some names, 0 where nothing is said: (name, name)."""
    return np.array([[1.0 if a == b else pairs.get(frozenset((a, b)), 0.0) for b in names] for a in names])


def joined(pairs: Iterable[frozenset[str]], order: Sequence[str]) -> list[tuple[str, ...]]:
    """Names that hang together, directly or through others; groups and names in the order given."""
    group = {name: {name} for name in order}
    for pair in pairs:
        both: set[str] = set().union(*(group[name] for name in pair))
        group |= dict.fromkeys(both, both)
    found = {tuple(n for n in order if n in group[name]): None for name in order if len(group[name]) > 1}
    return list(found)


def can_be(matrix: Floats) -> bool:
    """Whether numbers can be correlated so: the matrix is positive definite."""
    return bool(np.linalg.eigvalsh(matrix)[0] > _LEAST_EIGENVALUE)


def nearest(matrix: Floats) -> Floats:
    """The nearest matrix of correlations that can be (least squares), by Higham's alternating projections.

    Held a little inside the edge, so that its entries may be rounded and still can be.
    """
    least = 0.02
    shape, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(500):
        from_before = shape - correction
        values, vectors = np.linalg.eigh(from_before)
        positive = (vectors * np.maximum(values, least)) @ vectors.T
        correction = positive - from_before
        before, shape = shape, positive.copy()
        np.fill_diagonal(shape, 1.0)
        if np.abs(shape - before).max() < 1e-9:
            break
    return shape


@dataclass(frozen=True)
class Linked:
    """Draws that are correlated.

    Attributes
    ----------
    purposes : what each is keyed by, such as `parameter/NAME`, in the order of the model
    root : (draw, draw), lower triangle whose square is the matrix of correlations
    """

    purposes: tuple[str, ...]
    root: Floats

    def uniform(self, purpose: str, own: Callable[[str], Floats]) -> Floats:
        """The number in (0, 1) behind one of the draws, from what each would be alone.

        The first stays as it is; each other takes from those before it what it shares with them.
        """
        i = self.purposes.index(purpose)
        if i == 0:
            return own(purpose)
        needed = [k for k in range(i + 1) if self.root[i, k]]
        scores = sum(
            (self.root[i, k] * standard_normal_quantile(_inside(own(self.purposes[k]))) for k in needed),
            np.zeros(()),
        )
        return _inside(standard_normal_below(np.asarray(scores)))


def _inside(u: Floats) -> Floats:
    return np.clip(u, EDGE, 1 - EDGE)


def linked(model: Model) -> list[Linked]:
    """Groups of draws that a model says are correlated."""
    if not model.correlations:
        return []
    pairs = pairs_of(model.correlations)
    stocks = {s.name for s in model.stocks}
    order = [*(p.name for p in model.parameters), *(s.name for s in model.stocks)]
    return [
        Linked(
            tuple(f"{'initial' if n in stocks else 'parameter'}/{n}" for n in names),
            np.asarray(np.linalg.cholesky(matrix_of(names, pairs)), np.float64),
        )
        for names in joined(pairs, order)
    ]
