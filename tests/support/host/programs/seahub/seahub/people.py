"""Everybody is whom the cookie ``user`` or the token names."""


class User:
    is_authenticated = is_active = True
    is_staff = False
    role = "default"

    def __init__(self, username):
        self.username = username


class Middleware:
    def __init__(self, get_response):
        self._get_response = get_response

    def __call__(self, request):
        request.user = User(request.COOKIES["user"]) if "user" in request.COOKIES else None
        return self._get_response(request)
