"""What anybody tries first: the prompt's length, its nearest neighbours, a regression, the mean of its category."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bench.routing.methods import Lesson, Method, Predicted, Prompts, Router, Training
from bench.routing.recordings import Floats, fill

_NEIGHBOURS = 50
_WORDS, _TOPICS = 20_000, 100
_SHRINK = 10.0


class Length:
    """Long prompts go to the strong model."""

    name, vectors, told = "prompt length", False, False

    def fit(self, training: Training) -> Router:
        """Nothing but the means is learnt."""
        return _Lengths(training.target)


class _Lengths:
    def __init__(self, target: Lesson) -> None:
        self._quality, self._tokens = target.table.scores.mean(axis=0), mean_tokens(target)

    def predict(self, prompts: Prompts) -> Predicted:
        quality = np.tile(self._quality, (len(prompts.texts), 1))
        need = np.array([float(len(text)) for text in prompts.texts])
        return Predicted(quality, quality, np.tile(self._tokens, (len(need), 1)), need)


class Nearest:
    """The mean of the nearest neighbours by the embedding."""

    name, vectors, told = "nearest neighbours", True, False

    def fit(self, training: Training) -> Router:
        """Keep the vectors and the scores."""
        return _Neighbours(training.target)


class _Neighbours:
    def __init__(self, target: Lesson) -> None:
        self._vectors, self._scores = target.prompts.vectors, target.table.scores
        self._tokens = mean_tokens(target)

    def predict(self, prompts: Prompts) -> Predicted:
        number = min(_NEIGHBOURS, len(self._scores) - 1)
        quality = np.empty((len(prompts.texts), self._scores.shape[1]))
        for begin in range(0, len(quality), 500):
            similar = prompts.vectors[begin : begin + 500] @ self._vectors.T
            nearest = np.argpartition(-similar, number, axis=1)[:, :number]
            quality[begin : begin + 500] = self._scores[nearest].mean(axis=1)
        return Predicted(quality, quality, np.tile(self._tokens, (len(quality), 1)))


class Regression:
    """Logistic regression for each model on the topics of the words (tf-idf, singular values), and on the embedding."""

    told = False

    def __init__(self, *, vectors: bool) -> None:
        self.vectors = vectors
        self.name = "logistic regression" if vectors else "logistic regression on words"

    def fit(self, training: Training) -> Router:
        """A score between 0 and 1 counts as that share of a success."""
        return _Regressions(training.target, vectors=self.vectors)


class _Regressions:
    def __init__(self, target: Lesson, *, vectors: bool) -> None:
        self._words = TfidfVectorizer(max_features=_WORDS, sublinear_tf=True, ngram_range=(1, 2))
        self._vectors = vectors
        found = self._words.fit_transform(target.prompts.texts)
        self._topics = TruncatedSVD(min(_TOPICS, found.shape[1] - 1), random_state=0).fit(found)
        features = self._features(target.prompts, found)
        self._models = [logistic(features, scores) for scores in target.table.scores.T]
        self._tokens = mean_tokens(target)

    def predict(self, prompts: Prompts) -> Predicted:
        features = self._features(prompts, self._words.transform(prompts.texts))
        quality = np.column_stack([model.predict_proba(features)[:, 1] for model in self._models])
        return Predicted(quality, quality, np.tile(self._tokens, (len(quality), 1)))

    def _features(self, prompts: Prompts, words: csr_matrix) -> Floats:
        length = np.log1p([len(text) for text in prompts.texts])
        # Brought to about one size.
        found = [self._topics.transform(words) * 5, length]
        return np.column_stack([*found, prompts.vectors * 10] if self._vectors else found)


class CategoryMean:
    """The mean of the prompt's category, shrunken to that of all: a reference, for it is told the true category."""

    name, vectors, told = "category mean (category given)", False, True

    def fit(self, training: Training) -> Router:
        """Keep the means."""
        return _Categories(training.target)


class _Categories:
    def __init__(self, target: Lesson) -> None:
        table = target.table
        self._overall, self._tokens = table.scores.mean(axis=0), mean_tokens(target)
        self._means = {}
        categories = table.column(lambda item: item.category)
        for category in np.unique(categories):
            scores = table.scores[categories == category]
            self._means[str(category)] = (scores.sum(axis=0) + _SHRINK * self._overall) / (len(scores) + _SHRINK)

    def predict(self, prompts: Prompts) -> Predicted:
        quality = np.stack([self._means.get(name, self._overall) for name in prompts.categories or ()])
        return Predicted(quality, quality, np.tile(self._tokens, (len(quality), 1)))


def logistic(features: Floats, scores: Floats, strength: float = 0.02) -> LogisticRegression:
    """Fitted to scores from 0 to 1: each item counts as a success by its score, as a failure by the rest."""
    kinds = np.repeat([1, 0], len(scores))
    kinds[0], kinds[-1] = 1, 0
    model = LogisticRegression(C=strength, max_iter=300)
    weights = np.maximum(np.concatenate((scores, 1 - scores)), 1e-6)
    return model.fit(np.vstack((features, features)), kinds, weights)


def mean_tokens(lesson: Lesson) -> Floats:
    """Mean tokens of output of each model of the table; 0 where none were recorded."""
    tokens = lesson.table.tokens.copy()
    for column in tokens.T:
        fill(column, np.ones(len(column), bool))
    return np.asarray(np.nan_to_num(tokens).mean(axis=0))


METHODS: Sequence[Method] = (Length(), Nearest(), Regression(vectors=False), Regression(vectors=True), CategoryMean())
