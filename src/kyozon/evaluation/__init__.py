"""What may be concluded from records: the value of another policy, whether the world has drifted."""
