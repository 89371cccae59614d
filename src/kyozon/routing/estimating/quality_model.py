"""How good each model's answer to a prompt will be, from the prompt alone: what a fit has left, ready to be asked."""

import hashlib
import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kyozon.domain.models import ModelCard
from kyozon.domain.quality import Estimate
from kyozon.routing.estimating.abilities import UNLIKE, Ability, odds_at, rising, slope_at
from kyozon.routing.estimating.anchored import SETTLED, Anchored, believed, of_benchmarks
from kyozon.routing.estimating.contents import Contents, Known, Packed, decoded, encoded, unpacked
from kyozon.routing.estimating.eye import Eye
from kyozon.routing.estimating.facts import Prior, facts_of, plain_name
from kyozon.routing.estimating.layout import DIMENSIONS, eye_of, lens_of, standing_of
from kyozon.routing.estimating.reasons import reasons_of
from kyozon.routing.estimating.seeing import Lens, Seen
from kyozon.routing.estimating.standing import Standing

Numbers = NDArray[np.float64]

STRANGE = 0.6
"""How far (standard deviation, log-odds) a model may be from what is expected on a prompt unlike anything known."""
INTERVAL = 1.645
"""Standard deviations to either side that hold 90 % of a normal distribution."""
LONGEST = 10.4
"""The logarithm of the most tokens that are expected of any answer, about 33,000."""


class _Member:
    """A model with results, its effects unpacked."""

    def __init__(self, known: Known, domains: int) -> None:
        self.known = known
        self.ability = Ability(known.place, known.spread)
        self.effects = unpacked(known.effects).astype(np.float64)
        self.counts = unpacked(known.counts).astype(np.float64)
        self.learnt, self.judged = (_later(part, domains) for part in (known.learnt, known.judged))
        if any(each.shape != (domains,) for each in (self.effects, self.counts, self.learnt, self.judged)):
            raise ValueError(f"the effects of {known.name} are not one for each domain")


def _later(part: Packed | None, domains: int) -> Numbers:
    """What was learnt after the fit: nothing, as a rule."""
    return np.zeros(domains) if part is None else unpacked(part).astype(np.float64)


class QualityModel:
    """What is known of models and prompts. It never changes: what learns returns another one."""

    def __init__(self, contents: Contents) -> None:
        """Raises `ValueError` where the contents do not fit together."""
        self.contents = contents
        arrays = {name: unpacked(part) for name, part in contents.arrays.items()}
        self._lens: Lens = lens_of(contents, arrays)
        self._eye: Eye = eye_of(contents, arrays, vector=False)
        self._meaning: Eye | None = eye_of(contents, arrays, vector=True) if "meaning" in arrays else None
        self._members = {known.name: _Member(known, len(contents.domains)) for known in contents.models}
        self._anchored = self._anchors(standing_of(contents, arrays))
        self._prior = Prior(contents.prior, contents.prior_spread)

    @classmethod
    def read(cls, raw: bytes) -> "QualityModel":
        """The model of a file's bytes; raises `ValueError` for what no fit has written."""
        return cls(decoded(raw))

    def write(self) -> bytes:
        """The bytes of its file."""
        return encoded(self.contents)

    @cached_property
    def version(self) -> str:
        """A hash of the contents: two models of one version say the same."""
        return hashlib.blake2b(self.write(), digest_size=8).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """The models it has results of."""
        return tuple(self._members)

    def look(self, text: str, vector: Sequence[float] | None = None) -> Seen:
        """Look at a prompt: once a request, and for all models. A vector is of 384 numbers, embedded as a query.

        Raises `ValueError` for a vector of another length or with what is no number.
        """
        glance = self._lens.glance(text)
        given = None if vector is None or self._meaning is None else _checked(vector)
        eye = self._eye if given is None or self._meaning is None else self._meaning
        found, trees, length = eye.odds(glance, given)
        tiers = rising(found)
        anchors = self._anchored.odds(trees, tiers, glance.domains, glance.shape)
        return Seen(tiers, anchors, length, glance.domains, self._lens.support(glance))

    def known(self, card: ModelCard) -> str | None:
        """The name under which results of this card's model are known."""
        for name in (plain_name(card.id), plain_name(card.upstream)):
            found = name if name in self._members else self.contents.aliases.get(name)
            if found in self._members:
                return found
        return None

    def supposed(self, card: ModelCard) -> Ability:
        """What its price, size and abilities suggest of a card's model, whatever else is known of it."""
        return self._prior.ability(facts_of(card))

    def estimate(self, seen: Seen, card: ModelCard) -> Estimate:
        """What to expect of the card's model; of one without results, what its price, size and abilities suggest."""
        name = self.known(card)
        if name is None:
            return self._told(seen, self.supposed(card), None)
        return self.expected(seen, name)

    def expected(self, seen: Seen, name: str) -> Estimate:
        """What to expect of a model with results; raises `KeyError` for one without."""
        member = self._members[plain_name(name)]
        return self._told(seen, member.ability, member)

    def _told(self, seen: Seen, ability: Ability, member: _Member | None) -> Estimate:
        odds, own = self._odds(seen, ability, member)
        counts = np.zeros_like(seen.domains) if member is None else member.counts + member.judged
        chance = _chance(odds)
        unlike = float(seen.domains @ (1 / (1 / UNLIKE + chance * (1 - chance) * counts)))
        wide = (slope_at(ability.place, seen.tiers) * ability.spread) ** 2 + unlike + (1 - seen.support) * STRANGE**2
        step = INTERVAL * wide**0.5
        return Estimate(
            quality=chance,
            low=_chance(odds - step),
            high=_chance(odds + step),
            output_tokens=self._tokens(seen, member),
            support=seen.support,
            reasons=reasons_of(self.contents, seen, (ability.place, own)),
            measured=member is not None,
        )

    def _tokens(self, seen: Seen, member: _Member | None) -> int | None:
        """How long the answer will be; of a model that was never measured, as long as the others'."""
        if not self.contents.numbers.get("lengths known"):
            return None
        longer = (member.known.tokens if member else None) or 0.0
        return max(1, round(float(np.exp(min(seen.length + longer, LONGEST)))))

    def _odds(self, seen: Seen, ability: Ability, member: _Member | None) -> tuple[float, float]:
        """The log-odds, and what of them is the model's own in the domains this prompt may belong to."""
        general = float(odds_at(ability.place, seen.tiers))
        if member is None:
            return general, 0.0
        said = general + float(seen.domains @ member.effects)
        if member.known.anchor >= 0:
            said = float(seen.anchors[member.known.anchor])
        said += float(seen.domains @ member.learnt)
        return said, said - general

    def _anchors(self, standing: Standing | None) -> Anchored:
        """What is known of the anchors; of one without an entry, nothing."""
        found = {member.known.anchor: member for member in self._members.values()}
        members = [found.get(place) for place in range(len(self.contents.anchors))]
        none = np.zeros(len(self.contents.domains))
        counts = np.array([none if each is None else each.counts for each in members]).reshape(-1, len(none))
        return Anchored(
            places=[1.0 if each is None else each.ability.place for each in members],
            effects=np.array([none if each is None else each.effects for each in members]).reshape(-1, len(none)),
            trusted=believed(counts),
            home=believed(of_benchmarks(counts, self.contents.domains), SETTLED),
            standing=standing,
        )


def _checked(vector: Sequence[float]) -> NDArray[np.float32]:
    given = np.asarray(vector, dtype=np.float32)
    if given.shape != (DIMENSIONS,) or not np.isfinite(given).all():
        raise ValueError(f"a prompt's vector is {DIMENSIONS} finite numbers")
    return given


# Three times for each model of a request: NumPy would take ten times as long for one number.
def _chance(odds: float) -> float:
    return 1 / (1 + math.exp(-min(max(odds, -30.0), 30.0)))
