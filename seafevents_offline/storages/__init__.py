"""What keeps the files: the port in ``base``, its adapters beside it."""
