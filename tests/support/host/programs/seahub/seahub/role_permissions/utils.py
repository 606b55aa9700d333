def get_enabled_role_permissions_by_role(role):
    return {}
