"""The same engine written plainly in NumPy, slowly, to check the compiled one and to look into minds."""
