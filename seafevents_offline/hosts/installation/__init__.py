"""A Seafile installation on disk, seen from outside: nothing here imports the host or needs it to run.

place     where its parts are              marks    a part of a file that is ours, byte for byte
block     what Seahub's settings get       section  what the daemon's settings get
edit      changing files safely            switch   all of it together: on and off
bundle    what is brought onto the volume  refusal  why something was not done
"""
