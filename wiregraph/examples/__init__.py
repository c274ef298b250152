"""Programs to read and to change; CI runs them against a small server."""
