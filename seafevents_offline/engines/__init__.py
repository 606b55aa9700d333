"""What downloads: the port in ``base``, its adapters beside it."""
