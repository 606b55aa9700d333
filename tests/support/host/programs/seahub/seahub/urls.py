"""Seahub's own addresses; this one says that they are reached."""

from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("api2/ping/", lambda request: HttpResponse('"pong"'), name="ping")]
