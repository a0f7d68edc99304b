"""What tests stand on: a clock that obeys, chance that repeats itself."""
