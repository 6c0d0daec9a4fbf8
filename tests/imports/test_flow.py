"""The flow `import-backlog`, without Prefect's server."""

from __future__ import annotations

import pytest

from blurline.errors import ConfigurationError
from flows.import_backlog import import_backlog
from sql.engine.database import Database
from sql.imports.imports import list_imports
from tests.imports.buckets import Bucket

pytestmark = pytest.mark.usefixtures("worker")


def test_a_run_of_the_form_counts_then_imports_and_can_be_continued(database: Database, source: Bucket) -> None:
    source.put("a.jpg", b"12345")
    previewed = import_backlog.fn(source="archive")
    assert previewed.message is not None
    assert previewed.message.startswith("1 images would be imported (dry run), of 1 objects; 0 were imported before.")
    assert list_imports(database) == []
    done = import_backlog.fn(source="archive", dry_run=False)
    (found,) = list_imports(database)
    assert done.message is not None and done.message.startswith(
        "Import archive is completed: 1 objects listed, 1 match"
    )
    assert (found.owner, found.imported) == ("operator", 1)
    assert import_backlog.fn(import_id=found.id).message == done.message
    with pytest.raises(ConfigurationError, match="The import cannot be made"):
        import_backlog.fn(source="archive", name="not a name")
