"""Protocols that services need and edges implement. Each has a conformance suite under `tests/contract/`."""
