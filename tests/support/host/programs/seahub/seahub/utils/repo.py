class _Right:
    def __init__(self, can_upload):
        self.can_upload = can_upload


def parse_repo_perm(perm):
    return _Right(perm in ("rw", "admin") or "custom-" in perm)
