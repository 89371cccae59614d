"""The command `kyozon`."""
