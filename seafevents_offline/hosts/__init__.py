"""Where the service lives: the embedded host, and Seafile's event daemon; what a Seafile installation looks like."""
