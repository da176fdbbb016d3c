"""What Arrow calls the kinds of columns, apart from `flat_results`: only who has to do with Parquet loads Arrow."""

import pyarrow as pa

from contracts.flat_results import Kind

ARROW_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.NUMBER: pa.float64(),
    Kind.COUNT: pa.int64(),
    Kind.SMALL: pa.int32(),
    Kind.TIME: pa.timestamp("ms"),
    Kind.TEXTS: pa.map_(pa.string(), pa.string()),
    Kind.NUMBERS: pa.map_(pa.string(), pa.float64()),
}
