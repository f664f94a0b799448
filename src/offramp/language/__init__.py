"""The model file, from text to checked values. `offramp.language.check` is the way in."""
