"""A rule from a YAML file; what is wrong in it is said with its file, line and field."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from udfs.rules import RULE, Rule
from wiregraph.errors import UsageError

FILE_BYTES_MAX = 256 * 1024
FAULTS_MAX = 10
"""So many of a rule's are said."""
_NO_TIER = "union_tag_invalid"
_MESSAGES = {"extra_forbidden": "is not a field of a rule's", "missing": "is missing", "tuple_type": "write a list"}


def load_rule(path: Path) -> Rule:
    """The rule in a file; raises UsageError with one line, `file:line: field: what is wrong`."""
    root = _compose(path)
    if not isinstance(root, yaml.MappingNode):
        raise UsageError(f"{path}:1: a rule is a mapping, with name, why and trigger: see wiregraph/data/rules")
    _refuse_repeats(path, root)
    fields = _constructed(path, root)
    try:
        return RULE.validate_python(fields)
    except ValidationError as error:
        raise UsageError(_said(path, root, _faults(fields, error))) from error


def _compose(path: Path) -> yaml.Node | None:
    try:
        text = path.read_bytes()
        if len(text) > FILE_BYTES_MAX:
            raise UsageError(f"{path}: {len(text)} bytes, a rule has at most {FILE_BYTES_MAX}")
        if alias := next((event for event in yaml.parse(text) if isinstance(event, yaml.AliasEvent)), None):
            raise UsageError(f"{path}:{_line(alias.start_mark)}: aliases (*{alias.anchor}) are not read: write it out")
        return yaml.compose(text, yaml.SafeLoader)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: nested too deep") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(_broken(path, error)) from error


def _constructed(path: Path, root: yaml.MappingNode) -> dict[str, Any]:
    try:
        fields: dict[str, Any] = yaml.SafeLoader("").construct_document(root)
    except yaml.YAMLError as error:
        raise UsageError(_broken(path, error)) from error
    except (AttributeError, KeyError, ValueError) as error:  # what its constructors raise where a value has no sense
        raise UsageError(f"{path}: a value is not of its YAML type: {error}") from error
    return fields


def _broken(path: Path, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"{path}:{_line(mark)}: not YAML: {' '.join(problem.split())}"


def _line(mark: Any) -> int:  # noqa: ANN401 - yaml has two classes for it
    return mark.line + 1 if mark else 1


def _refuse_repeats(path: Path, node: yaml.Node) -> None:
    """YAML takes the last of two equal keys silently."""
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _refuse_repeats(path, child)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise UsageError(f"{path}:{_line(key.start_mark)}: the name of a field is a word")
            if key.value in seen:
                raise UsageError(f"{path}:{_line(key.start_mark)}: {key.value}: is there twice")
            seen.add(key.value)
            _refuse_repeats(path, child)


def _faults(fields: dict[str, Any], error: ValidationError) -> list[ErrorDetails]:
    """What is wrong; a tier that is none hides no other fault."""
    faults = error.errors(include_url=False)
    if faults[0]["type"] == _NO_TIER and not faults[0]["loc"]:
        try:
            RULE.validate_python({**fields, "tier": "batch" if "across" in fields else "core"})
        except ValidationError as others:
            faults += others.errors(include_url=False)
    return faults


def _said(path: Path, root: yaml.MappingNode, errors: Sequence[ErrorDetails]) -> str:
    """The errors in the order of their lines, with these, and how many more there are."""
    faults = sorted(_fault(root, one) for one in errors)
    others = f" (and {len(faults) - FAULTS_MAX} more)" if len(faults) > FAULTS_MAX else ""
    return f"{path}:" + "; ".join(f"{line}: {what}" for line, what in faults[:FAULTS_MAX]) + others


def _fault(root: yaml.MappingNode, error: ErrorDetails) -> tuple[int, str]:
    line, field = _place(root, _written(error["loc"]))
    if error["type"] == _NO_TIER and not field:
        line, field = _place(root, ("tier",))
        message = "write core or batch"
    elif error["type"] == "extra_forbidden" and field == "across":
        message = "needs `tier: batch`"
    else:
        message = _MESSAGES.get(error["type"], error["msg"].removeprefix("Value error, "))
    if not field:  # What is wrong between several fields begins with the name of one of them.
        named, separator, what = message.partition(": ")
        if separator and _child(root, named.split(".")[0]):
            (line, field), message = _place(root, named.split(".")), what
    return line, f"{field}: {message}" if field else message


def _written(loc: Sequence[int | str]) -> tuple[int | str, ...]:
    """Where it stands in the file: pydantic adds the tier, and the kind of a term behind its number."""
    parts = loc[1:]
    tags = {at for at in range(2, len(parts)) if parts[at - 2] == "when" and isinstance(parts[at - 1], int)}
    return tuple(part for at, part in enumerate(parts) if at not in tags)


def _place(root: yaml.Node, parts: Sequence[int | str]) -> tuple[int, str]:
    """The line of the innermost node on the way that is there, and the field as people write it."""
    node, line, field = root, root.start_mark.line + 1, ""
    for part in parts:
        child = _child(node, part)
        if child is not None:
            line, node = child
        if not isinstance(part, int):
            field = f"{field}.{part}" if field else part
        elif isinstance(node, yaml.Node) and child is not None:
            field = f"{field}[{part + 1}]"
    return line, field


def _child(node: yaml.Node, part: int | str) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark.line + 1, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None
