"""Fits the quality model: recorded results of many models in, one small file out."""
