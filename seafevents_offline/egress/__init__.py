"""The egress guard: what downloads may reach, and the process that sees to it."""
