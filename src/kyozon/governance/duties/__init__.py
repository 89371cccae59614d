"""Duties of laws and guidelines, and what answers to each. Each module holds one `table`; every one here is discovered."""
