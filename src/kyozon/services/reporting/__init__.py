"""Records for regulators: what happened in a period, counted from the decision records."""
