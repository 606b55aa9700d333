"""The guard process: the one way out. Nothing of the daemon is imported here but the vocabulary."""
