"""Objects that the store refuses to remove are postponed and reported, and keep no other deletion."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest

from blurline.errors import StoreUnavailable
from blurline.settings import Settings
from blurline.storage.inventory import ImageBucket
from blurline.storage.store import Store
from deployments.doctor.database import database as examine
from sql.deletion import object_removal
from sql.deletion.deletions import GracePeriods, delete_job, find_receipt
from sql.deletion.object_removal import remove_objects
from sql.upkeep.metrics import read_service_metrics
from tests.clock import age
from tests.deployments.doctor.findings import findings
from tests.stored_images import StoredImages
from tests.tcp_proxy import Answer, forwarding

GRACE = GracePeriods(attempt_s=0, upload_s=0)
DENIED = Answer(403, "<Error><Code>AccessDenied</Code><Message>Denied.</Message></Error>", "application/xml")
BROKEN = Answer(500, "<html>", "text/html")
ROUND = 10
MORE_THAN_A_ROUND = 12


@pytest.fixture(params=[DENIED, BROKEN], ids=["denied", "broken"])
def stubborn(
    request: pytest.FixtureRequest, stored_images: StoredImages, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """A client of the store, which refuses to remove the originals that exist now: more than a round takes."""
    monkeypatch.setattr(object_removal, "_AT_ONCE", ROUND)
    stored_images.submit(MORE_THAN_A_ROUND)
    keys = stored_images.keys(ImageBucket.ORIGINALS)
    settings = stored_images.settings
    answers = {f"DELETE /{settings.store.originals_bucket}/{key}": request.param for key in keys}
    with forwarding(settings.store.endpoint, answers) as url:
        store = Store(settings.replace(s3_endpoint=url))
        yield store
        store.close()


def test_others_are_removed_while_the_store_refuses_more_than_a_round(
    stored_images: StoredImages, stubborn: Store
) -> None:
    database = stored_images.database
    ((first,),) = stored_images.rows("SELECT id FROM jobs")
    refused = delete_job(database, None, first, "olga", GRACE)  # type: ignore[arg-type]
    wanted = delete_job(database, None, stored_images.published(5), "olga", GRACE)
    assert refused is not None and wanted is not None
    _work(stored_images, stubborn)
    done, stuck = (find_receipt(database, None, each.id) for each in (wanted, refused))
    assert done is not None and done.completed_at is not None and done.objects_removed == 20
    assert stuck is not None and stuck.completed_at is None
    assert len(stored_images.keys(ImageBucket.ORIGINALS)) == MORE_THAN_A_ROUND

    assert read_service_metrics(stored_images.settings.database.conninfo).failing_removals.count == MORE_THAN_A_ROUND
    assert _finding(stored_images.settings).startswith(
        f"The store refuses to remove objects of {MORE_THAN_A_ROUND} deleted images"
    )
    pauses = [_try_again(stored_images, stubborn) for _ in range(2)]
    assert pauses[1] > pauses[0] > 5

    age(stored_images.settings.database.conninfo, "removal_failures", timedelta(hours=2))
    _work(stored_images, stored_images.store)
    stuck = find_receipt(database, None, refused.id)
    assert stuck is not None and stuck.completed_at is not None
    assert stuck.objects_removed == MORE_THAN_A_ROUND
    assert _finding(stored_images.settings) == "No removal of a deleted image fails."


def _work(stored_images: StoredImages, store: Store) -> None:
    """Every round until nothing is due, as the deleter does: it goes on after an error."""
    is_over = False
    while not is_over:
        with contextlib.suppress(StoreUnavailable):
            is_over = remove_objects(stored_images.database, store).tried == 0


def _try_again(stored_images: StoredImages, store: Store) -> float:
    """Let one refused removal become due; the pause that it gets then, in seconds."""
    stored_images.rows(
        "UPDATE removal_failures SET not_before = now()"
        " WHERE image_id = (SELECT image_id FROM removal_failures ORDER BY image_id LIMIT 1)"
    )
    _work(stored_images, store)
    ((pause_s,),) = stored_images.rows(
        "SELECT max(extract(epoch FROM not_before - failed_at))::float8 FROM removal_failures"
    )
    assert isinstance(pause_s, float)
    return pause_s


def _finding(settings: Settings) -> str:
    return findings(examine, settings)["database.removals"].says
