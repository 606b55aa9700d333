"""A stand-in for the event daemon of Seafile 11 to 14: what of it this project touches, in our own words.

``version.py`` is written beside this when a server is made. What differs between the families and was read in the
sources of seafevents (branches 11.0, 12.0, 13.0, master) is asked of ``VERSION``; 14 is as 13.
"""
