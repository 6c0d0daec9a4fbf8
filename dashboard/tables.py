"""Tables, as pandas shapes them over Arrow. They can be copied, searched and downloaded in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas


def frame(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str] | None = None) -> pandas.DataFrame:
    """Rows as a table with Arrow's types. With ``names``, only those columns, in that order, under their new names."""
    made = pandas.DataFrame.from_records([dict(row) for row in rows])
    if names is not None:
        made = made[list(names)].rename(columns=names)
    return made.convert_dtypes(dtype_backend="pyarrow")


def pivot(rows: Sequence[Mapping[str, Any]], index: str, columns: str, values: str) -> pandas.DataFrame:
    """The sums of ``values``, with a row for each value of ``index`` and a column for each of ``columns``."""
    sums = frame(rows).pivot_table(values, index, columns, aggfunc="sum", fill_value=0, sort=False)
    return sums.sort_index().rename_axis(columns=None).reset_index()
