"""Seafile's own event daemon as the host: nothing of it is edited, and nothing is imported here.

hook     brings us into the daemon; runs in every process that reads seahub_settings.py, so it is small
plugin   whether and when it runs there
service  what runs there, and what it takes of the host
database where the daemon's database is
logs     offline_download.log beside the daemon's own log
notices  a stored file among its owner's notifications
"""
