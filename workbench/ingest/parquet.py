"""Parquet files as rows of the texts that a person would see."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from workbench.errors import FileProblem
from workbench.ingest.nested import RecordTable, shown
from workbench.ingest.reading import Reading
from workbench.ingest.table import MAX_COLUMNS, too_wide
from workbench.localtext import LocalText

MAX_UNPACKED_BYTES = 2 << 30
_BATCH = 2048


def read_parquet(data: bytes, max_rows: int) -> Reading:
    """Columns become columns; lists give a row for each value; structs give ``outer.inner``.

    Raises FileProblem where the file is damaged or, by its own directory, larger than the limits.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(data), pre_buffer=False)
        meta = file.metadata
        unpacked = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
        names = list(file.schema_arrow.names)
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError) as error:
        raise FileProblem(_DAMAGED, _DAMAGED_HINT) from error
    if len(names) > MAX_COLUMNS:
        raise too_wide(1, len(names))
    if meta.num_rows > max_rows or unpacked > MAX_UNPACKED_BYTES:
        raise FileProblem(_TOO_LARGE, _TOO_LARGE_HINT, rows=f"{meta.num_rows:,}", limit=f"{max_rows:,}")
    table = RecordTable()
    return Reading("parquet", _rows(file, _distinct(names), table), heading=table.heading)


def _distinct(names: list[str]) -> list[str]:
    """Names of columns may come twice; each keeps its own column."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return distinct


def _rows(file: Any, names: list[str], table: RecordTable) -> Iterator[tuple[int, list[str]]]:
    import pyarrow as pa

    number = 0
    try:
        for batch in file.iter_batches(batch_size=_BATCH, use_threads=False):
            columns = [_values(column) for column in batch.columns]
            for values in zip(*columns, strict=True):
                number += 1
                yield from table.rows(dict(zip(names, values, strict=True)), number)
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError, NotImplementedError) as error:
        if isinstance(error, pa.ArrowMemoryError):
            raise MemoryError from error
        raise FileProblem(_DAMAGED, _DAMAGED_HINT) from error


def _values(column: Any) -> list[Any]:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)  # Python's times end there
    single = pa.types.is_float32(kind) or pa.types.is_float16(kind)
    nothing: dict[str, Any] | None = {} if pa.types.is_struct(kind) else None
    return [nothing if value is None else _as_text(value, single) for value in column.to_pylist()]


def _as_text(value: Any, single: bool = False) -> Any:
    """What a cell shows; lists and structs keep their form, with texts in them."""
    if isinstance(value, list | tuple):
        return [_as_text(item, single) for item in value]
    if isinstance(value, dict):
        return {str(key): _as_text(item, single) for key, item in value.items()}
    if isinstance(value, float):
        return _number(value, single)
    if value is None or isinstance(value, str):
        return value
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, datetime):
        midnight = value.time() == time() and value.tzinfo is None
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return f"{value:f}" if isinstance(value, Decimal) else shown(value)


def _number(value: float, single: bool) -> str | None:
    if math.isnan(value):  # what pandas writes for "nothing here"
        return None
    text = f"{value:.7g}" if single else repr(value)
    return text.removesuffix(".0")


_DAMAGED = LocalText(
    "这个 Parquet 文件已损坏，无法读取。", "This Parquet file is damaged and cannot be read."
)
_DAMAGED_HINT = LocalText(
    "请重新导出它，或另存为 CSV（UTF-8）。", "Export it again, or save it as CSV (UTF-8)."
)
_TOO_LARGE = LocalText(
    "这个 Parquet 文件过大：{rows} 行（上限 {limit} 行），或解压后过大。",
    "This Parquet file is too large: {rows} rows (the limit is {limit}), or too much when unpacked.",
)
_TOO_LARGE_HINT = LocalText(
    "请只保留标准词和近似词两列，或拆成几个较小的文件。",
    "Keep only the columns with standard terms and synonyms, or split it into smaller files.",
)
