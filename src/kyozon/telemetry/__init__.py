"""What operators see: Prometheus metrics and OpenTelemetry spans. Numbers and names, no text of requests."""
