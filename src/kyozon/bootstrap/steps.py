"""The long steps of a start, told to whoever watches."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from kyozon.domain.language import Text
from kyozon.ports.local import Report

Step = Callable[[Text], AbstractContextManager[Report]]
"""Opens a step of that name; within it the report takes its progress. Leaving it ends the step, with its duration."""
