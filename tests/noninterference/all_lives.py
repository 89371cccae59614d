"""Everything that the random lives do, in one machine: each rule may meet what any other has left behind."""

from tests.noninterference.holding import Held
from tests.noninterference.masking import Masked
from tests.noninterference.releasing import Released


class AllLives(Released, Held, Masked):
    """Documents and adapters, tools and caches, grants, held answers and masked words."""
