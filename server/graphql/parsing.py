"""Parse the text of a document within the limits of its tokens and numbers, and select the requested operation."""

import re
from collections.abc import Iterator
from itertools import islice

from graphql import (
    DocumentNode,
    GraphQLError,
    Lexer,
    OperationDefinitionNode,
    OperationType,
    Source,
    Token,
    TokenKind,
)
from graphql.language.parser import Parser

from domain.failures import BadUserInput, QueryTooComplex
from domain.messages import translatable
from server.graphql.cost import MAX_DIRECTIVES, MAX_SPREADS, MAX_TOKENS, MAX_VARIABLE_VISITS, MAX_VARIABLES
from server.graphql.errors import PARSE_FAILED, Errors, failure_error, request_errors

# Python reads a number in time that is quadratic in its digits, and refuses more than 4,300.
MAX_NUMBER_LENGTH = 40
# Of the text of most documents, which therefore have no such number.
_LONG_NUMBER = re.compile(rf"[-+.0-9eE]{{{MAX_NUMBER_LENGTH + 1}}}")


# The tokens of valid documents; comments have no group. A string ends at the end of the text at the latest: otherwise
# each of thousands of quotes could begin one that is read to the end.
_TOKEN = re.compile(
    r"""(?:#[^\r\n]*[\s,]*)+|("{3}(?:[^"\\]|\\"{3}|\\|"{1,2}(?!"))*(?:"{3})?|"(?:[^"\\\r\n]|\\.)*"?"""
    r"""|-?[0-9][-+.0-9eE]*|\w+|\.{3}|[!$&():=@\[\]{|}])"""
)


def find_excess(text: str) -> str | None:
    """Return what the text of a valid document has too many of: the parser would take fifty times as long to find out.

    Validation takes several times as long for a spread or a directive as for a field.
    """
    tokens = list(islice((token[1] for token in _TOKEN.finditer(text) if token[1]), MAX_TOKENS + 1))
    if len(tokens) > MAX_TOKENS:
        return f"The document has more than {MAX_TOKENS:,} tokens."
    if tokens.count("...") > MAX_SPREADS:
        return f"The document has more than {MAX_SPREADS:,} spreads and inline fragments."
    if tokens.count("@") > MAX_DIRECTIVES:
        return f"The document has more than {MAX_DIRECTIVES:,} directives."
    if tokens.count("$") > MAX_VARIABLES:
        return f"The document names variables more than {MAX_VARIABLES} times."
    operations = sum(tokens.count(kind.value) for kind in OperationType)
    if tokens.count("$") * operations > MAX_VARIABLE_VISITS:
        return f"The document has more than {MAX_VARIABLE_VISITS:,} variables times operations: send one at a time."
    return None


def parse_document(text: str) -> DocumentNode | Errors:
    """Return the document, or why it is none."""
    excess = find_excess(text)
    if excess is not None:
        return [failure_error(QueryTooComplex(excess))]
    try:
        document = _parse(text)
    except GraphQLError as failure:
        is_limit = "Parsing aborted" in failure.message
        return request_errors([failure], QueryTooComplex.code if is_limit else PARSE_FAILED)
    except RecursionError:
        return [failure_error(QueryTooComplex("This operation is nested too deeply."))]
    if _LONG_NUMBER.search(text) and any(len(each.value or "") > MAX_NUMBER_LENGTH for each in _numbers(document)):
        message = translatable("A number has at most {most} characters.", most=MAX_NUMBER_LENGTH)
        return [failure_error(BadUserInput(message))]
    return document


def _parse(text: str) -> DocumentNode:
    """Parse the text as graphql-core's `parse` does; leave no cycles of tokens to the garbage collector."""
    lexer = Lexer(Source(text))
    try:
        return Parser(lexer.source, max_tokens=MAX_TOKENS, lexer=lexer).parse_document()
    finally:
        token: Token | None = lexer.token
        while token is not None:
            # Each also knows the next one, which is enough to go through them.
            token.prev, token = None, token.prev


def _numbers(document: DocumentNode) -> Iterator[Token]:
    token = document.loc.start_token if document.loc else None
    while token is not None:
        if token.kind in {TokenKind.INT, TokenKind.FLOAT}:
            yield token
        token = token.next


def matching_operations(document: DocumentNode, name: str | None) -> list[OperationDefinitionNode]:
    """Return the operations of the name, or all."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    return [each for each in operations if name is None or (each.name is not None and each.name.value == name)]


def select_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Return the named operation, or the only one; raise BadUserInput where there is none, or are several."""
    matching = matching_operations(document, name)
    if len(matching) == 1:
        return matching[0]
    if name is not None:
        raise BadUserInput(translatable("The document has no operation with the name {name}.", name=repr(name[:60])))
    raise BadUserInput(translatable("The document has several operations: choose one by operationName."))
