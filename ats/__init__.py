"""The roof: settings, URLs, Celery, middleware, the error envelope. Named by string, imported by nobody below."""

from ats.celery import app as celery_app

__all__ = ["celery_app"]
