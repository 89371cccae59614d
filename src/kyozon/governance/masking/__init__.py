"""Finds personal data and secrets in Japanese and English words, and puts tokens in their place. One family a file."""
