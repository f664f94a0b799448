"""Charts as SVG, drawn from runs and answers."""
