"""Texts that a database could read as an operator, a regular expression, a path or the end of a text."""

# The first of each pair is stored where a test stores some of them.
OPERATOR_TEXTS = (
    *("$where", "$ne"),
    *("{$gt:''}", '{"$gt": ""}'),
    *("^d.*", ".*"),
    *("/d/i", "[a-z]+"),
    *("$$ROOT", "$number"),
    *("a.b", "plain|date"),
    *("(?i)DATE", "plai."),
    *("null", "true"),
)
# No import stores these.
NUL_TEXTS = ("plain\0", "a\0b", "\0")
