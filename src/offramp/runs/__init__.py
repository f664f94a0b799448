"""From a design to runs: scenarios, policies, the dataset and its files."""
