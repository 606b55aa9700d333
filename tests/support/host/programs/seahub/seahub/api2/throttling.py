from rest_framework.throttling import BaseThrottle


class UserRateThrottle(BaseThrottle):
    def allow_request(self, request, view):
        return True
