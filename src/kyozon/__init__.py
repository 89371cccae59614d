"""Kyozon: one endpoint for the language models you run and the models you rent."""

__version__ = "0.1.0"
