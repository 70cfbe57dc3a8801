"""The messages between host and worker, as protobuf classes made when this module is imported.

The library reads and answers in messages of Azure's public worker protocol (`FunctionRpc`). Here they never go
over a wire: host and library share one process. So this table says which messages and fields there are and of
what kind (azure-platform.md 5.4–5.8), and numbers them in its own order; no generated code is kept.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2, message_factory, timestamp_pb2

PACKAGE = "tandem.functions_host"
_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
    "bool": _Field.TYPE_BOOL,
    "sint64": _Field.TYPE_SINT64,
    "double": _Field.TYPE_DOUBLE,
    "int32": _Field.TYPE_INT32,
}
_KNOWN = {"Duration": ".google.protobuf.Duration", "Timestamp": ".google.protobuf.Timestamp"}

#: Message → field → kind. `map X` has text keys; `many X` repeats; `one:NAME X` belongs to that oneof.
MESSAGES: dict[str, dict[str, str]] = {
    # Start: what the app is, and which functions it has.
    "WorkerInitRequest": {"capabilities": "map string", "function_app_directory": "string"},
    "WorkerInitResponse": {
        "capabilities": "map string",
        "result": "StatusResult",
        "worker_metadata": "WorkerMetadata",
    },
    "WorkerMetadata": {
        "runtime_name": "string",
        "runtime_version": "string",
        "worker_version": "string",
        "worker_bitness": "string",
        "custom_properties": "map string",
    },
    "FunctionsMetadataRequest": {"function_app_directory": "string"},
    "FunctionMetadataResponse": {
        "function_metadata_results": "many RpcFunctionMetadata",
        "result": "StatusResult",
        "use_default_metadata_indexing": "bool",
    },
    "RpcFunctionMetadata": {
        "name": "string",
        "directory": "string",
        "script_file": "string",
        "entry_point": "string",
        "bindings": "map BindingInfo",
        "is_proxy": "bool",
        "status": "StatusResult",
        "language": "string",
        "raw_bindings": "many string",
        "function_id": "string",
        "managed_dependency_enabled": "bool",
        "retry_options": "RpcRetryOptions",
        "properties": "map string",
    },
    "BindingInfo": {
        "type": "string",
        "direction": "enum Direction",
        "data_type": "enum DataType",
        "properties": "map string",
    },
    "RpcRetryOptions": {
        "max_retry_count": "int32",
        "delay_interval": "Duration",
        "minimum_interval": "Duration",
        "maximum_interval": "Duration",
        "retry_strategy": "enum RetryStrategy",
    },
    "FunctionLoadRequest": {
        "function_id": "string",
        "metadata": "RpcFunctionMetadata",
        "managed_dependency_enabled": "bool",
    },
    "FunctionLoadResponse": {
        "function_id": "string",
        "result": "StatusResult",
        "is_dependency_downloaded": "bool",
    },
    "FunctionEnvironmentReloadResponse": {
        "capabilities": "map string",
        "worker_metadata": "WorkerMetadata",
        "result": "StatusResult",
    },
    # One invocation.
    "InvocationRequest": {
        "invocation_id": "string",
        "function_id": "string",
        "input_data": "many ParameterBinding",
        "trigger_metadata": "map TypedData",
        "trace_context": "RpcTraceContext",
        "retry_context": "RetryContext",
    },
    "RpcTraceContext": {"trace_parent": "string", "trace_state": "string", "attributes": "map string"},
    "RetryContext": {"retry_count": "int32", "max_retry_count": "int32", "exception": "RpcException"},
    "InvocationResponse": {
        "invocation_id": "string",
        "output_data": "many ParameterBinding",
        "return_value": "TypedData",
        "result": "StatusResult",
    },
    "StatusResult": {"status": "enum Status", "result": "string", "exception": "RpcException"},
    "RpcException": {"source": "string", "stack_trace": "string", "message": "string", "type": "string"},
    # Values.
    "ParameterBinding": {"name": "string", "data": "one:rpc_data TypedData"},
    "TypedData": {
        "string": "one:data string",
        "json": "one:data string",
        "bytes": "one:data bytes",
        "stream": "one:data bytes",
        "http": "one:data RpcHttp",
        "int": "one:data sint64",
        "double": "one:data double",
        "collection_bytes": "one:data CollectionBytes",
        "collection_string": "one:data CollectionString",
        "collection_double": "one:data CollectionDouble",
        "collection_sint64": "one:data CollectionSInt64",
        "model_binding_data": "one:data ModelBindingData",
    },
    "CollectionBytes": {"bytes": "many bytes"},
    "CollectionString": {"string": "many string"},
    "CollectionDouble": {"double": "many double"},
    "CollectionSInt64": {"sint64": "many sint64"},
    "ModelBindingData": {
        "version": "string",
        "source": "string",
        "content_type": "string",
        "content": "bytes",
    },
    "RpcHttp": {
        "method": "string",
        "url": "string",
        "headers": "map string",
        "body": "TypedData",
        "params": "map string",
        "status_code": "string",
        "query": "map string",
        "enable_content_negotiation": "bool",
        "rawBody": "TypedData",
        "cookies": "many RpcHttpCookie",
    },
    "RpcHttpCookie": {
        "name": "string",
        "value": "string",
        "domain": "NullableString",
        "path": "NullableString",
        "expires": "NullableTimestamp",
        "secure": "NullableBool",
        "http_only": "NullableBool",
        "same_site": "enum SameSite",
        "max_age": "NullableDouble",
    },
    "NullableString": {"value": "one:string string"},
    "NullableBool": {"value": "one:bool bool"},
    "NullableDouble": {"value": "one:double double"},
    "NullableTimestamp": {"value": "one:timestamp Timestamp"},
}

#: Message → enum → words; the first has the number 0 (5.5: Failure is 0, Success is 1).
ENUMS: dict[str, dict[str, tuple[str, ...]]] = {
    "StatusResult": {"Status": ("Failure", "Success", "Cancelled")},
    "BindingInfo": {
        "Direction": ("in", "out", "inout"),
        "DataType": ("undefined", "string", "binary", "stream"),
    },
    "RpcRetryOptions": {"RetryStrategy": ("exponential_backoff", "fixed_delay")},
    "RpcHttpCookie": {"SameSite": ("None", "Lax", "Strict", "ExplicitNone")},
}


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _of_kind(field: Any, owner: str, kind: str) -> None:
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    elif kind.startswith("enum "):
        field.type, field.type_name = _Field.TYPE_ENUM, f".{PACKAGE}.{owner}.{kind.removeprefix('enum ')}"
    else:
        field.type, field.type_name = _Field.TYPE_MESSAGE, _KNOWN.get(kind, f".{PACKAGE}.{kind}")


def _add_field(message: Any, name: str, kind: str, number: int) -> None:
    field = message.field.add(name=name, number=number, label=_Field.LABEL_OPTIONAL)
    how, _, rest = kind.partition(" ")
    if how == "many":
        field.label = _Field.LABEL_REPEATED
        _of_kind(field, message.name, rest)
    elif how == "map":
        entry = message.nested_type.add(name=f"{_camel(name)}Entry")
        entry.options.map_entry = True
        _add_field(entry, "key", "string", 1)
        _add_field(entry, "value", rest, 2)
        field.label, field.type = _Field.LABEL_REPEATED, _Field.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{message.name}.{entry.name}"
    elif how.startswith("one:"):
        one = how.removeprefix("one:")
        names = [o.name for o in message.oneof_decl]
        if one not in names:
            message.oneof_decl.add(name=one)
            names.append(one)
        field.oneof_index = names.index(one)
        _of_kind(field, message.name, rest)
    else:
        _of_kind(field, message.name, kind)


def _classes() -> SimpleNamespace:
    file = descriptor_pb2.FileDescriptorProto(
        name="tandem/functions_host.proto", package=PACKAGE, syntax="proto3"
    )
    file.dependency.extend((duration_pb2.DESCRIPTOR.name, timestamp_pb2.DESCRIPTOR.name))
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for enum, words in ENUMS.get(name, {}).items():
            declared = message.enum_type.add(name=enum)
            for number, word in enumerate(words):
                declared.value.add(name=word, number=number)
        for number, (field, kind) in enumerate(fields.items(), start=1):
            _add_field(message, field, kind, number)
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    found = {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in MESSAGES
    }
    return SimpleNamespace(**found, Timestamp=timestamp_pb2.Timestamp, Duration=duration_pb2.Duration)


#: The `protos` that the library asks for: one attribute per message.
protos: Any = _classes()
