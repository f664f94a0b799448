"""Questions asked of a model: each runs futures of its own and answers with intervals."""
