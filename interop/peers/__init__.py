"""Other servers, to hold ours against."""
