"""What each model's answer to a request is expected to be worth, from the request alone: numpy, no I/O."""
