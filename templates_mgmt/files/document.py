"""One template as a YAML document, both ways and exactly. Pure.

The document is a small part of YAML 1.1: mappings, sequences and text. Nothing is guessed to be
a number, a date or a truth value; anchors, aliases and tags are refused; a key may stand only
once. An error names the line, the column and the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import yaml
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput, Text
from templates_mgmt import rules
from templates_mgmt.rules import Content, Placeholder, VariantText

FORMAT = "1"
MAX_BYTES = 1_000_000
MAX_DEPTH = 8
_HEAD = (
    "# A Vouchsafe template. {{ name }} stands for a placeholder or a fact (title, key_points,\n"
    "# action, deadline, risk). “exported” is for readers; an import only compares its hash.\n"
)
_TOP = ("vouchsafe_template", "code", "name", "category", "topic", "exported", "note")
_PARTS = ("placeholders", "facts", "texts")
_FACTS = ("title", "key_points", "action", "deadline", "risk")
_PLACEHOLDER = ("type", "source", "example", "examples", "personal")
_TEXT = ("subject", "body", "html")
_EXPORTED = ("version", "state", "content_hash")


class BadDocument(InvalidInput):
    """A file that is no template document; `details` has `line` and `column`, from 1."""

    code = "bad_template_file"


@dataclass(frozen=True, slots=True)
class Exported:
    """Where a document comes from: the version's number and state, and its content hash."""

    version: str = ""
    state: str = ""
    content_hash: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A template file: the content, the template's name, the note to the reviewer."""

    content: Content
    name: str
    note: str = ""
    exported: Exported = Exported()

    @property
    def content_hash(self) -> str:
        """The hash of the content as it stands in the file."""
        return hash_of(self.content)

    @property
    def edited(self) -> bool:
        """Whether the words differ from those that were exported."""
        return bool(self.exported.content_hash) and self.exported.content_hash != self.content_hash


def hash_of(content: Content) -> str:
    """The content's hash without the wording of clauses: a file includes them by name only."""
    facts = {
        language: {name: value for name, value in block.items() if name != "clauses"}
        for language, block in content.facts.items()
    }
    return rules.content_hash(replace(content, facts=facts))


# --- writing --------------------------------------------------------------------------------


class _Dumper(yaml.SafeDumper):
    """Readable text: several lines stand as a block."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)


def dump(document: Document) -> str:
    """The document as YAML; `load` gives back an equal one."""
    content = document.content
    data: dict[str, Any] = {
        "vouchsafe_template": FORMAT,
        "code": content.code,
        "name": document.name,
        "category": content.category,
        "topic": content.topic,
    }
    if document.exported != Exported():
        data["exported"] = {
            name: text for name in _EXPORTED if (text := getattr(document.exported, name))
        }
    if document.note:
        data["note"] = document.note
    data["placeholders"] = {item.name: _placeholder(item) for item in content.placeholders}
    data["facts"] = {language: _facts(block) for language, block in content.facts.items()}
    data["texts"] = _texts(content.variants)
    written: str = yaml.dump(
        data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000, indent=2
    )
    return _HEAD + written


def _placeholder(item: Placeholder) -> dict[str, Any]:
    data: dict[str, Any] = {"type": item.type, "source": item.source, "example": item.example}
    if item.examples:
        data["examples"] = dict(item.examples)
    return {**data, "personal": "yes"} if item.personal else data


def _facts(block: Mapping[str, Any]) -> dict[str, Any]:
    return {name: block[name] for name in _FACTS if block.get(name)}


def _texts(variants: Iterable[VariantText]) -> dict[str, dict[str, dict[str, str]]]:
    texts: dict[str, dict[str, dict[str, str]]] = {}
    for variant in variants:
        parts = {"subject": variant.subject, "body": variant.body, "html": variant.body_html}
        kept = {name: text for name, text in parts.items() if text}
        texts.setdefault(variant.channel, {})[variant.language] = kept
    return texts


# --- reading --------------------------------------------------------------------------------


def load(data: bytes) -> Document:
    """Read a document (UTF-8, at most MAX_BYTES); raises BadDocument with the place, or
    InvalidInput with the field when the content itself is not acceptable."""
    top = _Fields(_compose(data), "", (*_TOP, *_PARTS))
    if top.text("vouchsafe_template") != FORMAT:
        top.fail(
            "vouchsafe_template",
            _("This file is of another format; this version reads format %(known)s.")
            % {"known": FORMAT},
        )
    identity = rules.clean_identity(
        code=top.text("code"),
        name=top.text("name"),
        category=top.text("category"),
        topic_code=top.text("topic"),
    )
    placeholders = rules.clean_placeholders(
        {"name": name, **_read_placeholder(fields)}
        for name, fields in top.each("placeholders", _PLACEHOLDER)
    )
    facts = {language: _read_facts(fields) for language, fields in top.each("facts", _FACTS)}
    exported = _Fields(top.node("exported"), "exported", _EXPORTED)
    return Document(
        content=Content(
            code=identity["code"],
            category=identity["category"],
            topic=identity["topic_code"],
            facts=rules.clean_facts(facts),
            placeholders=tuple(Placeholder(**item) for item in placeholders),
            variants=tuple(rules.clean_variants(_read_texts(top))),
        ),
        name=identity["name"],
        note=rules.clean_text(top.text("note"), field="note", limit=2000),
        exported=Exported(**{name: exported.text(name) for name in _EXPORTED}),
    )


def _read_placeholder(fields: _Fields) -> dict[str, Any]:
    personal = fields.text("personal") or "no"
    if personal not in {"yes", "no"}:
        fields.fail("personal", _("Write yes or no."))
    kept = {name: fields.text(name) for name in ("type", "source", "example")}
    examples = _Fields(fields.node("examples"), f"{fields.path}.examples", tuple(rules.Language))
    return {
        **kept,
        "examples": {language: examples.text(language) for language in examples.nodes},
        "personal": personal == "yes",
    }


def _read_facts(fields: _Fields) -> dict[str, Any]:
    texts: dict[str, Any] = {name: fields.text(name) for name in _FACTS if name != "key_points"}
    return {**texts, "key_points": fields.texts("key_points")}


def _read_texts(top: _Fields) -> list[dict[str, str]]:
    read = []
    for channel, node in top.members("texts"):
        for language, fields in _Fields(node, f"texts.{channel}", None).each("", _TEXT):
            subject, body, html = (fields.text(name) for name in _TEXT)
            read.append(
                {"channel": channel, "language": language}
                | {"subject": subject, "body": body, "body_html": html}
            )
    return read


class _Fields:
    """A mapping of the document, which knows its place in the file."""

    def __init__(self, node: yaml.Node | None, path: str, known: tuple[str, ...] | None) -> None:
        self.path = path
        self.start = node
        self.nodes: dict[str, yaml.Node] = {}
        if node is None or _is_blank(node):
            return
        if not isinstance(node, yaml.MappingNode):
            _refuse(node, path, _("Here must stand names with values."))
        for key, value in node.value:
            name = _scalar(key, path)
            if name in self.nodes:
                _refuse(key, self._at(name), _("This name stands here twice."))
            if known is not None and name not in known:
                _refuse(
                    key,
                    self._at(name),
                    _("This name is not known; known are: %(known)s.")
                    % {"known": ", ".join(known)},
                )
            self.nodes[name] = value

    def _at(self, name: str) -> str:
        return ".".join(part for part in (self.path, name) if part)

    def node(self, name: str) -> yaml.Node | None:
        return self.nodes.get(name)

    def text(self, name: str) -> str:
        """The text of a field; blank when it is absent."""
        node = self.nodes.get(name)
        return "" if node is None else _scalar(node, self._at(name))

    def texts(self, name: str) -> list[str]:
        """A list of texts; a single text is a list of one."""
        node = self.nodes.get(name)
        if node is None or _is_blank(node):
            return []
        if isinstance(node, yaml.SequenceNode):
            return [_scalar(item, self._at(name)) for item in node.value]
        return [_scalar(node, self._at(name))]

    def members(self, name: str) -> list[tuple[str, yaml.Node]]:
        """Name and node of each member of a mapping, in the file's order."""
        if not name:
            return list(self.nodes.items())
        return list(_Fields(self.nodes.get(name), self._at(name), None).nodes.items())

    def each(self, name: str, known: tuple[str, ...]) -> list[tuple[str, _Fields]]:
        """The members of a mapping of mappings, each with the fields `known`."""
        path = self._at(name)
        return [(key, _Fields(node, f"{path}.{key}", known)) for key, node in self.members(name)]

    def fail(self, name: str, why: Text) -> NoReturn:
        _refuse(self.nodes.get(name) or self.start, self._at(name), why)


class _Loader(yaml.BaseLoader):
    """Composes nodes only; refuses aliases and what nests too deep."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases are not used here", problem_mark=event.start_mark
            )
        if getattr(event, "tag", None):
            raise yaml.MarkedYAMLError(
                problem="tags are not used here", problem_mark=event.start_mark
            )
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem="nested too deep", problem_mark=event.start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)  # type: ignore[no-untyped-call]
        self.depth -= 1
        return node


def _compose(data: bytes) -> yaml.Node:
    if len(data) > MAX_BYTES:
        raise BadDocument(
            _("The file has %(size)s bytes; at most %(limit)s are read.")
            % {"size": len(data), "limit": MAX_BYTES},
            field="file",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDocument(
            _("The file is not UTF-8: byte %(position)s is %(byte)s.")
            % {"position": error.start + 1, "byte": f"0x{data[error.start]:02X}"},
            field="file",
            details={"byte": error.start + 1},
        ) from None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()  # type: ignore[no-untyped-call]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _bad(mark, "file", error.problem or error.context or "") from None
    except yaml.reader.ReaderError as error:
        raise BadDocument(
            _("Character %(position)s (U+%(code)s) cannot be used in a text.")
            % {"position": error.position + 1, "code": f"{error.character:04X}"},
            field="file",
        ) from None
    if node is None:
        raise BadDocument(_("The file is empty."), field="file")
    whole: yaml.Node = node
    return whole


def _scalar(node: yaml.Node, path: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        _refuse(node, path, _("Here must stand a text."))
    return str(node.value)


def _is_blank(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.value and node.style is None


def _refuse(node: yaml.Node | None, path: str, why: Text) -> NoReturn:
    raise _bad(node.start_mark if node is not None else None, path or "file", why)


def _bad(mark: Any, field: str, why: Text) -> BadDocument:
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return BadDocument(
        _("Line %(line)s, column %(column)s: %(why)s")
        % {"line": line, "column": column, "why": why},
        field=field,
        details={"line": line, "column": column},
    )
