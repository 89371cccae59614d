"""Runs open models on this machine: model store, quantisation, the supervised engine, embeddings."""
