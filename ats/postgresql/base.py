"""Django's backend for PostgreSQL, with a health check that costs no round trip.

Connections are kept for minutes, because a new one costs more than a call: the server starts a process, which fills its
caches and plans every statement anew. A server that ended or was restarted closed them, and that can be seen here.
"""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Asks the server only after an error, or when it has said something that nobody asked for."""
        if self.connection is None:
            return False
        return super().is_usable() if self.errors_occurred or self._has_word() else True

    def _has_word(self) -> bool:
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))
