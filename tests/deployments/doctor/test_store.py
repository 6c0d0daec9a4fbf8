from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from minio import Minio
from minio.versioningconfig import VersioningConfig
from pydantic import SecretStr

from blurline.settings import Settings
from blurline.storage.bucket_admin import Buckets
from deployments.doctor import Severity
from deployments.doctor.browser_uploads import browser_uploads
from deployments.doctor.store import store
from tests.deployments.doctor.findings import wrong
from tests.tcp_proxy import Answer, forwarding

BUCKET = "blurline-examined"


@pytest.fixture
def minio(settings: Settings) -> Iterator[Minio]:
    """A client, and a bucket that the test may break."""
    access, secret = settings.store.keys
    address = urlsplit(settings.store.endpoint).netloc
    client = Minio(endpoint=address, access_key=access, secret_key=secret, secure=False)
    client.make_bucket(BUCKET)
    yield client
    for each in client.list_objects(BUCKET, recursive=True, include_version=True):
        client.remove_object(BUCKET, each.object_name or "", version_id=each.version_id)
    client.remove_bucket(BUCKET)


@pytest.fixture
def spoilt(settings: Settings, minio: Minio) -> Settings:
    return settings.replace(results_bucket=BUCKET)


def test_a_healthy_store_needs_no_remedy_and_keeps_no_test_objects(settings: Settings, spoilt: Settings) -> None:
    assert wrong(store, spoilt) == {}
    buckets = Buckets(spoilt)
    left = [each.key for bucket in buckets.names for each in buckets.objects(bucket) if "doctor/" in each.key]
    buckets.close()
    assert left == []


@pytest.mark.parametrize(("action", "resource"), [("s3:GetObject", f"{BUCKET}/*"), ("s3:ListBucket", BUCKET)])
def test_a_bucket_that_anyone_can_read_or_list_is_an_error(
    spoilt: Settings, minio: Minio, action: str, resource: str
) -> None:
    allowed = {"Effect": "Allow", "Principal": "*", "Action": [action], "Resource": [f"arn:aws:s3:::{resource}"]}
    minio.set_bucket_policy(BUCKET, json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
    found = wrong(store, spoilt)
    assert set(found) == {"store.privacy"}
    assert found["store.privacy"].severity is Severity.ERROR
    assert BUCKET in found["store.privacy"].says


def test_a_bucket_that_keeps_deleted_objects_is_a_warning(spoilt: Settings, minio: Minio) -> None:
    minio.set_bucket_versioning(BUCKET, VersioningConfig("Enabled"))
    found = wrong(store, spoilt)
    assert set(found) == {"store.versions"}
    assert found["store.versions"].severity is Severity.WARNING


def test_a_missing_bucket_is_reported(settings: Settings) -> None:
    found = wrong(store, settings.replace(exports_bucket="blurline-nowhere"))
    assert set(found) == {"store.buckets"}
    assert "blurline-nowhere" in found["store.buckets"].says


def test_wrong_keys_are_distinguished_from_an_unavailable_store(settings: Settings) -> None:
    found = wrong(store, settings.replace(s3_secret_key=SecretStr("wrong")))
    assert set(found) == {"store.connection"}
    assert "BLURLINE_S3_SECRET_KEY" in str(found["store.connection"].remedy)
    assert "SignatureDoesNotMatch" in found["store.connection"].says or "AccessDenied" in found["store.connection"].says


def test_a_store_with_a_different_clock_is_reported(settings: Settings) -> None:
    with forwarding(settings.store.endpoint, {}, date="Wed, 25 Nov 2015 12:00:00 GMT") as url:
        found = wrong(store, settings.replace(s3_endpoint=url))
    assert set(found) == {"store.clock"}
    assert found["store.clock"].severity is Severity.ERROR
    assert "behind" in found["store.clock"].says
    assert "NTP" in str(found["store.clock"].remedy)


def test_uploads_that_fail_at_the_public_address_are_reported(settings: Settings) -> None:
    with forwarding(
        settings.store.endpoint, {f"POST {settings.store.originals_bucket}": Answer(405, "no POST here")}
    ) as url:
        found = wrong(store, settings.replace(s3_public_endpoint=url))
    assert set(found) == {"store.upload"}
    assert "refused (405): no POST here" in found["store.upload"].says
    assert "BLURLINE_S3_PUBLIC_ENDPOINT" in str(found["store.upload"].remedy)


def test_an_unserved_public_address_is_reported(settings: Settings) -> None:
    found = wrong(store, settings.replace(s3_public_endpoint="http://127.0.0.1:9"))
    assert set(found) == {"store.upload", "store.limits"}


def test_a_store_that_does_not_enforce_upload_forms_is_reported(settings: Settings) -> None:
    with forwarding(settings.store.endpoint, {f"POST {settings.store.originals_bucket}": Answer(204)}) as url:
        found = wrong(store, settings.replace(s3_public_endpoint=url))
    assert found["store.limits"].severity is Severity.ERROR
    assert "more bytes than the form allows and another key" in found["store.limits"].says


def test_a_store_that_refuses_pages_of_the_dashboard_is_a_warning(settings: Settings) -> None:
    with forwarding(settings.store.endpoint, {f"OPTIONS {settings.store.originals_bucket}": Answer(403)}) as url:
        found = wrong(store, settings.replace(s3_public_endpoint=url))
    assert set(found) == {"store.browser"}
    assert found["store.browser"].severity is Severity.WARNING
    assert "allows POST from http://127.0.0.1:8501" in str(found["store.browser"].remedy)


@pytest.mark.parametrize(
    ("page", "address", "remedy"),
    [
        ("https://pages.example", "http://store.example:9000", "Serve the store over TLS."),
        ("https://pages.example", "https://127.0.0.1:8333", "BLURLINE_S3_PUBLIC_ENDPOINT"),
        ("https://pages.example:443/", "https://pages.example", None),
    ],
)
def test_addresses_that_no_browser_can_use_together_are_a_warning(
    settings: Settings, page: str, address: str, remedy: str | None
) -> None:
    (found,) = browser_uploads(settings.replace(dashboard_url=page, s3_public_endpoint=address))
    assert found.severity is (Severity.WARNING if remedy else Severity.OK)
    assert remedy is None or remedy in str(found.remedy)
