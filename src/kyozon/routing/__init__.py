"""Ranks the permitted models for a request and says why. One router per file."""
