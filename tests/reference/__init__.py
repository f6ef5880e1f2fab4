"""A second opinion: the rules of domain.md written once more, from its words alone."""
