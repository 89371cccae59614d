"""The audit log at rest: events in, leaves into the tree, signed checkpoints out; and what is forgotten of people."""
