from __future__ import annotations

import pytest
from pydantic import SecretStr

from blurline.errors import ConfigurationError
from blurline.settings import Settings
from deployments.prefect_server import serve


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("prefect_database_url", "BLURLINE_PREFECT_DATABASE_URL is not set.*its own PostgreSQL database"),
        ("prefect_api_auth_string", "PREFECT_API_AUTH_STRING is not set.*can run code"),
    ],
)
def test_prefect_is_not_served_without_a_database_or_a_password(missing: str, sentence: str) -> None:
    given = {
        "prefect_database_url": SecretStr("postgresql://ann@127.0.0.1:9/prefect"),
        "prefect_api_auth_string": SecretStr("admin:hush"),
    }
    with pytest.raises(ConfigurationError, match=sentence):
        serve(Settings().replace(**given | {missing: None}), "127.0.0.1", 4200)
