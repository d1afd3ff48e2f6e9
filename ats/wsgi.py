"""The WSGI application that the web server loads."""

import gc
import os
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ats.settings")
django = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 (each process would load the doors at its first call)
import_module("uploads.bell").get_ready()
gc.collect()
gc.freeze()  # a collection would write to every object, and each process would get a copy of what all of them share


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django, which cannot even make a request of a Content-Type that cannot be read: to the doors it is none."""
    try:
        parse_header_parameters(environ.get("CONTENT_TYPE", ""))
    except ValueError:
        environ["CONTENT_TYPE"] = ""
    return django(environ, start_response)
