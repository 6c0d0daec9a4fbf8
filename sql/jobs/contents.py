"""Which image answers for the bytes of a picture, for clients that know a picture by its bytes alone.

One image per owner, preset and content: a picture that is sent again gets the image of the first time, for as long as
that image exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sql.engine.database import Database, Transaction


class ContentTaken(Exception):
    """Another request has submitted the same content in the meantime."""


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a picture. A new image takes the place of the image ``replaces``, if there is one."""

    owner: str
    preset: str
    sha256: str
    replaces: UUID | None = None


def find_image_of(database: Database, content: Content) -> UUID | None:
    """The id of the image that has this content, or None."""
    with database.transaction() as transaction:
        row = transaction.one("image_of_content", owner=content.owner, preset=content.preset, sha256=content.sha256)
    return row["image_id"] if row else None


def record_content(transaction: Transaction, content: Content, image_id: UUID) -> None:
    """Record that the image has this content. Raises ContentTaken when another has; then abort the transaction."""
    if not transaction.run(
        "record_content",
        owner=content.owner,
        preset=content.preset,
        sha256=content.sha256,
        image_id=image_id,
        replaces=content.replaces,
    ):
        raise ContentTaken
