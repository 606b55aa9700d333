"""The feature's pages: a Django app that is added to Seahub at run time, without a change of any of its files.

The embedded host runs the same app. ``host`` is the one place that knows which of the two it lives in.
"""
