"""What PostgreSQL's planner keeps of the rows: samples of their values, which outlive the rows.

ANALYZE alone does not do: of a table that has become empty it keeps the old samples. Clearing them needs PostgreSQL 18
and the privilege MAINTAIN.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from django.db import ProgrammingError, connection, transaction

logger = logging.getLogger(__name__)

# Values stand in these columns as elements of an array's literal, with quotes and backslashes escaped.
_FOUND = """
SELECT schemaname, tablename, attname, inherited FROM pg_stats
WHERE schemaname = current_schema() AND EXISTS (
  SELECT FROM unnest(%s::text[]) AS word
  WHERE strpos(lower(concat_ws(' ', most_common_vals::text, histogram_bounds::text, most_common_elems::text)), word) > 0
)
"""
_OWNER = """
SELECT coalesce(i.indrelid, c.oid)::regclass::text FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.oid = (quote_ident(%s) || '.' || quote_ident(%s))::regclass
"""


def forget(words: Collection[str]) -> int:
    """Clears every sample in which one of these words stands, and lets the tables be sampled again. How many."""
    written = {word.lower() for word in words} | {_escaped(word.lower()) for word in words}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_FOUND, [sorted(written)])
            found = cursor.fetchall()
            for sample in found:
                cursor.execute("SELECT pg_clear_attribute_stats(%s, %s, %s, %s)", sample)
            for table in {_table(cursor, schema, name) for schema, name, *_ in found}:
                cursor.execute("SET LOCAL statement_timeout = 0")
                cursor.execute(f"ANALYZE {table}")
    except ProgrammingError as error:
        logger.error("The planner's samples of somebody erased stay: %s", type(error.__cause__).__name__)
        return 0
    return len(found)


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"')


def _table(cursor: object, schema: str, name: str) -> str:
    """Samples are kept of columns, and of the expressions of indexes under the index's name."""
    cursor.execute(_OWNER, [schema, name])  # type: ignore[attr-defined]
    return str(cursor.fetchone()[0])  # type: ignore[attr-defined]
