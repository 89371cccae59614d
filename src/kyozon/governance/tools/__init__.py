"""What a tool may be called with, once somebody untrusted has been listened to."""
