from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class HouseConfig(AppConfig):
    """The roof itself: groups, demo and supervisor."""

    name = "ats"
    verbose_name = "Installation"
    default = True


class DeskConfig(admin_apps.AdminConfig):
    default_site = "ats.admin_base.Desk"
    default = False
