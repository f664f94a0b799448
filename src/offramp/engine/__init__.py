"""What one run of a model does, for many runs at once."""
