"""One small file a verb; each has a ``VERB`` for main.py."""
