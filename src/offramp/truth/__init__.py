"""How far a model can be trusted: what it says of what happened, before and after."""
