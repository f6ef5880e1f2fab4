"""The root of all mutations: each feature brings its own."""

import strawberry

from schema.tag_mutations import TagMutations


@strawberry.type
class Mutation(TagMutations):
    """What can be changed; each field is one transaction, and says what was wrong as `userErrors`."""
