"""Prices usage, balances the ledger, counts limits: arithmetic only."""
