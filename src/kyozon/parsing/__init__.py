"""Reads files into text and structure, one file in one process of its own."""
