"""The command line of Skerry."""
