"""The command line: ``main`` reads it, ``verbs/`` has one small file a verb, everything else is shared by verbs.

options, verb     what may be typed            host, log        the embedded host and its log file
output, words     what is printed, safely      live, follow     watching tasks until they end
shape             a task as JSON
"""
