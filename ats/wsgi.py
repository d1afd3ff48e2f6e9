"""The WSGI application that the web server loads."""

import gc
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import import_module
from typing import IO, Any

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ats.settings")
django = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 (each process would load the doors at its first call)
import_module("uploads.bell").get_ready()
gc.collect()
gc.freeze()  # a collection would write to every object, and each process would get a copy of what all of them share

BLOCK_BYTES, MOST_BLOCKS = 2**16, 256  # 16 MiB: more than any chunk or CV


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django, which cannot even make a request of a Content-Type that cannot be read: to the doors it is none."""
    try:
        parse_header_parameters(environ.get("CONTENT_TYPE", ""))
    except ValueError:
        environ["CONTENT_TYPE"] = ""
    answer = django(environ, start_response)
    _drain(environ["wsgi.input"])
    return answer


def _drain(body: IO[bytes]) -> None:
    """Reads what nobody wanted of a refused call's body: a client that still sends when its connection is closed does
    not hear the answer."""
    with suppress(OSError):  # the client has gone
        for _ in range(MOST_BLOCKS):
            if not body.read(BLOCK_BYTES):
                return
