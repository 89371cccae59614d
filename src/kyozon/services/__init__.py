"""What Kyozon does, one verb list per use case; calls pure code, then ports."""
