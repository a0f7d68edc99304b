"""The tests of this project: they mirror the sources."""
