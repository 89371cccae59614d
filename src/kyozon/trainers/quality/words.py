"""What the words of a prompt say: naive Bayes over domains and ridge regression on targets, each without a fold too."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy import sparse

from kyozon.routing.estimating.seeing import nearness_of, softmax
from kyozon.routing.estimating.shape import shape_of
from kyozon.routing.estimating.words import BUCKETS, buckets_of, codes_of, words_of

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

SMOOTHING = 0.2
PATIENCE = 0.1


class Corpus(Struct, frozen=True, eq=False):
    """n prompts: which words occur (n by B, 0 or 1), their weights (rows of length 1), and the form of each."""

    present: sparse.csr_matrix
    weighted: sparse.csr_matrix
    rarity: NDArray[np.float32]
    shapes: NDArray[np.float32]


def corpus_of(texts: Sequence[str]) -> Corpus:
    """Read every prompt once."""
    places, counts, shapes, ends = [], [], [], [0]
    for text in texts:
        codes = codes_of(text)
        words = words_of(codes)
        found, often = buckets_of(words)
        places.append(found)
        counts.append(often)
        shapes.append(shape_of(text, codes, len(words)))
        ends.append(ends[-1] + len(found))
    size = (len(texts), BUCKETS)
    counted = sparse.csr_matrix(
        (np.concatenate(counts), np.concatenate(places), np.array(ends)), shape=size, dtype=np.float32
    )
    present = counted.copy()
    present.data[:] = 1
    documents = np.asarray(present.sum(axis=0)).ravel()
    rarity = (np.log((1 + len(texts)) / (1 + documents)) + 1).astype(np.float16).astype(np.float32)
    weighted = counted @ sparse.diags(rarity)
    norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    weighted = (sparse.diags((1 / np.maximum(norms, 1e-6)).astype(np.float32)) @ weighted).tocsr()
    return Corpus(present, weighted, rarity, np.stack(shapes))


class Bayes(Struct, frozen=True, eq=False):
    """Naive Bayes over the domains: `evidence` (B, D), and `absence` and `usual` (D)."""

    evidence: Numbers
    absence: Numbers
    usual: Numbers

    def scores(self, present: sparse.csr_matrix) -> Numbers:
        """Log-odds of each domain for each prompt, its frequency left out."""
        words = np.asarray(present.sum(axis=1))
        return np.asarray(present @ self.evidence + words * self.absence)


def bayes_of(counts: Numbers, documents: Numbers) -> Bayes:
    """From how many documents of each domain (D, B) hold each word, and how many documents it has (D)."""
    total = counts.sum(axis=1) + SMOOTHING * counts.shape[1]
    evidence = np.log((counts + SMOOTHING) / SMOOTHING).T
    return Bayes(evidence, np.log(SMOOTHING) - np.log(total), np.log(documents + 0.5))


class Placed(Struct, frozen=True, eq=False):
    """Where each prompt seems to belong, judged without its own fold: a distribution over domains, and the nearness."""

    domains: Numbers
    nearness: Numbers


def placed(corpus: Corpus, domain: NDArray[np.int64], fold: NDArray[np.int64], count: int) -> tuple[Bayes, Placed]:
    """Naive Bayes on all prompts, and what each prompt gets from that on the other folds."""
    held = sparse.csr_matrix((np.ones(len(domain)), (domain, np.arange(len(domain)))), shape=(count, len(domain)))
    whole, documents = np.asarray((held @ corpus.present).todense()), np.asarray(held.sum(axis=1)).ravel()
    domains, nearness = np.zeros((len(domain), count)), np.zeros(len(domain))
    for each in np.unique(fold).tolist():
        out = np.flatnonzero(fold == each)
        part = held[:, out]
        bayes = bayes_of(
            whole - np.asarray((part @ corpus.present[out]).todense()), documents - np.asarray(part.sum(axis=1)).ravel()
        )
        scores = bayes.scores(corpus.present[out])
        domains[out] = softmax(PATIENCE * (scores + bayes.usual))
        nearness[out] = nearness_of(scores, np.asarray(corpus.present[out].sum(axis=1)).ravel())
    return bayes_of(whole, documents), Placed(domains, nearness)


def ridge(inputs: sparse.csr_matrix | Numbers, targets: Numbers, strength: float) -> tuple[Numbers, Numbers]:
    """Weights (features by targets) and intercepts of ridge regressions, by conjugate gradients on the normal equations.

    A target is NaN where it is unknown, and then the row does not count for it.
    """
    known = ~np.isnan(targets)
    means = np.array([column[mask].mean() if mask.any() else 0.5 for column, mask in zip(targets.T, known.T, strict=True)])
    goal = np.where(known, np.nan_to_num(targets) - means, 0.0)
    rest = np.asarray(inputs.T @ goal)
    weights, step, size = np.zeros_like(rest), rest.copy(), (rest**2).sum(axis=0)
    first = np.maximum(size, 1e-12)
    for _ in range(40):
        image = np.asarray(inputs.T @ (known * np.asarray(inputs @ step))) + strength * step
        along = np.where(size > 1e-6 * first, size / np.maximum((step * image).sum(axis=0), 1e-30), 0.0)
        weights += along * step
        rest -= along * image
        left = (rest**2).sum(axis=0)
        if (left <= 1e-4 * first).all():
            break
        step = rest + (left / np.maximum(size, 1e-30)) * step
        size = left
    return weights, means


def cross_ridge(inputs: sparse.csr_matrix | Numbers, targets: Numbers, fold: NDArray[np.int64], strength: float) -> Numbers:
    """What ridge regressions on the other folds say of each row."""
    said = np.zeros_like(targets)
    for each in np.unique(fold).tolist():
        out = fold == each
        weights, means = ridge(inputs[~out], targets[~out], strength)
        said[out] = np.asarray(inputs[out] @ weights) + means
    return said


def domain_means(domain: NDArray[np.int64], count: int, targets: Numbers, rows: Flags, patience: float = 8.0) -> Numbers:
    """The mean of each target in each domain (D by T) over some rows, drawn to the mean of all where it has few."""
    means = np.zeros((count, targets.shape[1]))
    for place, column in enumerate(targets.T):
        known = rows & ~np.isnan(column)
        middle = column[known].mean() if known.any() else 0.5
        total = np.bincount(domain[known], weights=column[known], minlength=count)
        means[:, place] = (total + patience * middle) / (np.bincount(domain[known], minlength=count) + patience)
    return means
