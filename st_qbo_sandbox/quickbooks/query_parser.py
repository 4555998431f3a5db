"""The query language: its grammar and the faults of statements that do not follow it.

Belongs here: text to `Query`. Does not belong here: finding objects (`query_run.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedToken

from st_qbo_sandbox.quickbooks.faults import Fault, fault

_GRAMMAR = r"""
start: _SELECT selection _FROM NAME where? order? paging*
selection: count | column ("," column)*
count: _COUNT "(" "*" ")"
column: STAR | property
property: NAME ("." NAME)*
where: _WHERE condition (_AND condition)*
condition: property OPERATOR value          -> compare
         | property _IN "(" value ("," value)* ")" -> among
         | property _NOT _IN "(" value ("," value)* ")" -> not_among
         | property _LIKE value             -> like
value: STRING | BOOLEAN | CURRENT_DATE | NUMBER
order: (_ORDERBY | _ORDER _BY) ordering ("," ordering)*
ordering: property DIRECTION?
paging: _STARTPOSITION NUMBER -> start_position
      | _MAXRESULTS NUMBER    -> max_results

_SELECT.2: /select\b/i
_FROM.2: /from\b/i
_COUNT.2: /count\b/i
_WHERE.2: /where\b/i
_AND.2: /and\b/i
_IN.2: /in\b/i
_NOT.2: /not\b/i
_LIKE.2: /like\b/i
_ORDERBY.2: /orderby\b/i
_ORDER.2: /order\b/i
_BY.2: /by\b/i
_STARTPOSITION.2: /startposition\b/i
_MAXRESULTS.2: /maxresults\b/i
DIRECTION.2: /(asc|desc)\b/i
BOOLEAN.2: /(true|false)\b/i
CURRENT_DATE.2: /current_date\b/i
STAR: "*"
OPERATOR: "<=" | ">=" | "!=" | "<>" | "=" | "<" | ">"
NAME: /[A-Za-z_][A-Za-z0-9_]*/
NUMBER: /[+-]?\d+(\.\d+)?/
STRING: /'(\\.|[^'\\])*'/s
%import common.WS
%ignore WS
%ignore ";"
"""

# How the vendor's parser names a kind of token in its message; a word of the language stands for itself.
_KINDS = {"NAME": "<IDENTIFIER>", "STRING": "<STRING_LITERAL>", "NUMBER": "<INTEGER_LITERAL>"}


@dataclass(frozen=True)
class Literal:
    """One value: `kind` is string, boolean, number or current_date."""

    kind: str
    text: str


@dataclass(frozen=True)
class Condition:
    """`property operator values`; operators are = < > <= >= != IN NOT IN LIKE."""

    property: str
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True)
class Query:
    """One parsed statement; property and entity names as written."""

    entity: str
    columns: tuple[str, ...] = ()
    is_count: bool = False
    conditions: tuple[Condition, ...] = ()
    ordering: tuple[tuple[str, bool], ...] = ()
    start_position: int = 1
    max_results: int = 100


class _Builder(Transformer[Token, Query]):
    def property(self, parts: list[Token]) -> str:
        return ".".join(parts)

    def value(self, parts: list[Token]) -> Literal:
        token = parts[0]
        if token.type == "STRING":
            return Literal("string", re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL))
        return Literal(token.type.lower(), str(token))

    def compare(self, parts: list[Any]) -> Condition:
        operator = "!=" if parts[1] == "<>" else str(parts[1])
        return Condition(parts[0], operator, (parts[2],))

    def among(self, parts: list[Any]) -> Condition:
        return Condition(parts[0], "IN", tuple(parts[1:]))

    def not_among(self, parts: list[Any]) -> Condition:
        return Condition(parts[0], "NOT IN", tuple(parts[1:]))

    def like(self, parts: list[Any]) -> Condition:
        return Condition(parts[0], "LIKE", (parts[1],))

    def where(self, parts: list[Any]) -> tuple[str, Any]:
        return "conditions", tuple(parts)

    def ordering(self, parts: list[Any]) -> tuple[str, bool]:
        return parts[0], len(parts) > 1 and parts[1].lower() == "desc"

    def order(self, parts: list[Any]) -> tuple[str, Any]:
        return "ordering", tuple(parts)

    def start_position(self, parts: list[Any]) -> tuple[str, Any]:
        return "start_position", int(float(parts[0]))

    def max_results(self, parts: list[Any]) -> tuple[str, Any]:
        return "max_results", int(float(parts[0]))

    def column(self, parts: list[Any]) -> str:
        return str(parts[0])

    def count(self, parts: list[Any]) -> bool:
        return True

    def selection(self, parts: list[Any]) -> tuple[str, Any]:
        return ("is_count", True) if parts == [True] else ("columns", tuple(parts))

    def start(self, parts: list[Any]) -> Query:
        entity = next(str(part) for part in parts if isinstance(part, Token))
        settings: dict[str, Any] = {}
        for part in parts:
            if not isinstance(part, Token):
                settings[part[0]] = part[1]
        return Query(entity, **settings)


_PARSER = Lark(_GRAMMAR, parser="lalr", lexer="contextual", transformer=_Builder())


def parse_query(statement: str) -> Query:
    """Read one statement.

    Raises:
        Fault: 4000 with the position of what could not be read.
    """
    if not statement.strip():
        raise _parse_fault("The query provided was empty")
    return _parse(statement.strip())


@lru_cache(maxsize=512)
def _parse(statement: str) -> Query:
    try:
        return _PARSER.parse(statement)  # type: ignore[return-value]  # the transformer ends in a Query
    except (UnexpectedEOF, UnexpectedCharacters, UnexpectedToken) as error:
        raise _parse_fault(_describe(error, statement)) from error


def _parse_fault(text: str) -> Fault:
    return fault("4000", f"QueryParserError: {text}", None)


def _describe(error: UnexpectedEOF | UnexpectedCharacters | UnexpectedToken, statement: str) -> str:
    token: Token | None = getattr(error, "token", None)
    if token is not None and token.type != "$END":
        kind = _KINDS.get(token.type, f'"{str(token).lower()}"')
        return f'Encountered " {kind} "{token} "" at line {token.line}, column {token.column}.'
    if isinstance(error, UnexpectedCharacters):
        return _describe_characters(error, statement)
    lines = statement.splitlines()
    return f'Encountered "<EOF>" at line {len(lines)}, column {len(lines[-1])}.'


def _describe_characters(error: UnexpectedCharacters, statement: str) -> str:
    rest = statement[error.pos_in_stream :]
    word = re.match(r"[A-Za-z_0-9.]+|'(?:\\.|[^'\\])*'", rest)
    if word:
        kind = "<STRING_LITERAL>" if rest.startswith("'") else "<IDENTIFIER>"
        return f'Encountered " {kind} "{word.group()} "" at line {error.line}, column {error.column}.'
    place = f"line {error.line}, column {error.column}"
    return (
        f'Invalid content. Lexical error at {place}.  Encountered: "{rest[0]}" ({ord(rest[0])}), after : ""'
    )
