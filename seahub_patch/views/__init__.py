"""The routes' views, one theme a module."""
