"""The rules of the permit step. Each file holds one rule; every module of this package is discovered and applied."""
