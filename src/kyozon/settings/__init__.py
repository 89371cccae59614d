"""What an installation is: `kyozon.toml` and a few environment variables, read once and checked whole."""

from kyozon.settings.loading import load
from kyozon.settings.root import Settings

__all__ = ["Settings", "load"]
