"""Fits the verifier: recorded answers and their scores in, one small file out."""
