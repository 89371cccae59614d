"""Is an answer that is already paid for good enough? Judged by its words alone: form, arithmetic, agreement."""
