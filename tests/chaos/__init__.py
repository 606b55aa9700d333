"""Everything at once: many tasks, many faults, two nodes, people who change their minds; and at the end a full account.

make chaos [SEED=…] [TASKS=…] [FAULTS=…]

script.py    what is going to happen, drawn from the seed before anything starts
links.py     what may be downloaded, and what must become of it
world.py     database, nodes, server, library: processes that can be killed
faults.py    how each of them is broken and mended
people.py    clients that add, pause, resume, cancel, remove and retry; book.py has what they were promised
monitor.py   the table as it was at every moment
account.py   what became of each task, held against the book
chaos.py     one run of all this
"""
