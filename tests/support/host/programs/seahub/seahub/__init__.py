"""A stand-in for Seahub 11 to 14: what of it this project touches, in our own words; ``version.py`` is written beside
this when a server is made."""
