from rest_framework.authentication import BaseAuthentication

from seahub.people import User


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request):
        kind, _, name = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        return (User(name), name) if kind == "Token" else None
