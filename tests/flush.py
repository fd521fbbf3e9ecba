"""Emptying the databases after a test whose writes are final, without what makes Django's ``flush`` slow.

That one empties every table and has all content types and permissions made anew: a tenth of a second for each
database. Here it does so once; from then on only tables with other numbers of rows than then are emptied.
"""

from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connections

CLEAN = {}  # by alias: how many rows every table has when nothing has been written


def flush(case):
    """Do what ``TransactionTestCase`` does after each test."""
    for alias in case._databases_names(include_mirrors=False):
        if alias not in CLEAN or not _empty(connections[alias], CLEAN[alias]):
            call_command("flush", verbosity=0, interactive=False, database=alias, reset_sequences=False)
            CLEAN[alias] = _rows(connections[alias], _tables(connections[alias]))


def _empty(connection, clean):
    """Empty the tables that were empty; false if one that was not has changed."""
    used = [table for table, rows in _rows(connection, clean).items() if rows != clean[table]]
    if any(clean[table] for table in used):
        return False
    # What refers to these rows is among the tables too; PostgreSQL wants it said.
    cascade = connection.vendor == "postgresql"
    connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), used, allow_cascade=cascade))
    return True


def _tables(connection):
    return connection.introspection.django_table_names(only_existing=True, include_views=False)


def _rows(connection, tables):
    each = (f"SELECT '{table}', COUNT(*) FROM {connection.ops.quote_name(table)}" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return dict(cursor.fetchall())
