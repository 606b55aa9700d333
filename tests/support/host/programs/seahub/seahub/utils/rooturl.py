from django.conf import settings
from django.urls import include, re_path

urlpatterns = [re_path(f"^{settings.SITE_ROOT[1:]}", include(settings.SITE_ROOT_URLCONF))]
