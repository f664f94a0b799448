"""Crises that come with offramp, one YAML file each."""
