from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from blurline.settings import Settings
from deployments.doctor import examine
from sql.migrate import pending
from tests.blurline.oidc_provider import Provider


def test_what_works_is_said_to_work_and_what_does_not_has_a_remedy(without_prefect: Settings) -> None:
    findings = {finding.check: finding for finding in examine(without_prefect)}
    assert findings["database"].is_ok and findings["store"].is_ok
    assert "CPUExecutionProvider" in findings["model of standard"].says
    assert not findings["prefect"].is_ok
    assert "PREFECT_API_URL" in findings["prefect"].says


def test_every_part_that_is_broken_is_named(without_prefect: Settings, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.onnx"
    garbage.write_bytes(b"not a model")
    broken = without_prefect.model_copy(
        update={
            "model_file": garbage,
            "database_url": SecretStr("postgresql://nobody@127.0.0.1:9/none"),
            "s3_secret_key": SecretStr("wrong"),
            "oidc_issuer": "http://127.0.0.1:9",
        }
    )
    findings = examine(broken)
    assert len(findings) >= 7
    assert not any(finding.is_ok for finding in findings)
    assert "not a model that onnxruntime can load" in findings[0].says


def test_migrations_that_are_not_applied_are_named(settings: Settings) -> None:
    assert pending(settings.database) == []
    assert len(pending(settings.database.rsplit("/", 1)[0] + "/postgres")) >= 2


def test_the_keys_of_an_issuer_are_counted(without_prefect: Settings) -> None:
    with Provider().serving() as provider:
        provider.rotate("first")
        provider.rotate("second", "ES256", keep=True)
        findings = examine(without_prefect.model_copy(update={"oidc_issuer": provider.issuer}))
    (found,) = [finding for finding in findings if finding.check == "openid connect issuer"]
    assert found.is_ok
    assert "2 keys" in found.says
