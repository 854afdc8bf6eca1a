"""The whole path against its limits: see docs/performance.md."""
