"""Operators that are a page of Java each, compiled by Flink itself as it compiles what it makes of SQL.

They do for many records what would cost Python a hop for each.
"""

from __future__ import annotations

from pathlib import Path

from pyflink.common.typeinfo import TypeInformation
from pyflink.datastream import DataStream
from pyflink.java_gateway import get_gateway
from pyflink.util.java_utils import to_jarray


def through(
    stream: DataStream, name: str, told: list[list[str] | int], uid: str, row_type: TypeInformation
) -> DataStream:
    """What the class `name` of NAME.java beside this file makes of a stream; `told` are its references."""
    jvm = get_gateway().jvm
    flink = jvm.org.apache.flink
    code = Path(__file__).with_name(f"{name}.java").read_text("utf-8")
    own = stream._j_data_stream  # noqa: SLF001 - PyFlink has no call for operators of one's own
    references = to_jarray(jvm.Object, [to_jarray(jvm.String, one) if isinstance(one, list) else one for one in told])
    compiled = flink.table.runtime.generated.GeneratedOperator(
        name, code, references, flink.configuration.Configuration()
    )
    made = flink.streaming.api.transformations.OneInputTransformation(
        own.getTransformation(),
        uid,
        flink.table.runtime.operators.CodeGenOperatorFactory(compiled),
        row_type.get_java_type_info(),
        own.getParallelism(),
    )
    made.setUid(uid)
    return DataStream(flink.streaming.api.datastream.DataStream(own.getExecutionEnvironment(), made))
