"""Fitting: what learns from recorded results and leaves a file behind."""
