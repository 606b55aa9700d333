"""Seafile's own event daemon as the host: nothing of it is edited, and nothing is imported here.

hook     brings us into the daemon; runs in every process that reads seahub_settings.py, so it is small
plugin   what runs there once the daemon has started
database where the daemon's database is
logs     offline_download.log beside the daemon's own log
notices  a stored file among its owner's notifications
"""
