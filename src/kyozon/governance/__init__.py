"""Labels, rules and what they object to: one rule per file, pure."""
