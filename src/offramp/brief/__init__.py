"""The page that an analyst hands over."""
