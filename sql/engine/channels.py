"""The channels of PostgreSQL's NOTIFY. Statements and the triggers in `sql/schema.sql` use them; a test compares.

A notification only wakes a listener, which then reads the tables. A lost one costs time but no work.
"""

from __future__ import annotations

from enum import StrEnum

from psycopg import sql


class Channel(StrEnum):
    """Where a listener is woken. Only `EVENTS` has a payload: the owner of the event."""

    OUTBOX = "blurline_outbox"  # a batch waits for its flow run
    FLOW_RUNS = "blurline_flow_runs"  # a batch has its flow run
    EVENTS = "blurline_events"  # an event was added
    WEBHOOKS = "blurline_webhooks"  # a webhook delivery is due
    DESTINATIONS = "blurline_destinations"  # a result is to be written to a destination, or removed there
    DELETIONS = "blurline_deletions"  # objects of a deletion wait to be removed


def listen(channel: Channel) -> sql.Composed:
    """The statement that makes a session listen to the channel."""
    return sql.SQL("LISTEN {}").format(sql.Identifier(channel))
