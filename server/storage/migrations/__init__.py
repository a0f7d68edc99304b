"""The core's schema, step by step."""
