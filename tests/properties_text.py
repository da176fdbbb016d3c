"""The bookstore's job properties, which tests of several parts write, change and break."""

import json
from collections.abc import Mapping

BOOKSTORE: Mapping[str, Mapping[str, str]] = {
    "kafka": {"bootstrap.servers": "127.0.0.1:9092"},
    "topics": {"input": "sales", "output": "results"},
    "detector": {
        "name": "bookstore",
        "timestamp.field": "event_time",
        "measure.field": "quantity",
        "measure.aggregation": "SUM",
        "dimension.fields": "product_name",
        "detection.period": "1 min",
    },
}


def text_of(groups: Mapping[str, Mapping[str, str]]) -> str:
    return json.dumps([{"PropertyGroupId": name, "PropertyMap": dict(group)} for name, group in groups.items()])
