"""The model file, from text to checked values. `offramp.check` is the way in."""
