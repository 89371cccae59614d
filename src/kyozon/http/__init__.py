"""Wire formats in and out; one table maps errors to statuses."""
