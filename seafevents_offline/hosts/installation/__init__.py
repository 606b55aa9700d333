"""A Seafile installation on disk, seen from outside: nothing here imports the host or needs it to run.

place      where its parts are                   marks      a part of a file that is ours, byte for byte
block      what Seahub's settings get            section    what the daemon's settings get
edit       changing files, all or none           obstacles  what keeps a file from being changed
switch     all of it together, on and off        refusal    why something was not done
bundle     what is brought onto the volume (contents, distributions)
server     what the command line works on: the daemon's user and environment (daemon), its tables
checks     what doctor says of it, part by part (probe, wiring, service, disk)
"""
