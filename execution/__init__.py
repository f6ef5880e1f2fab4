"""A compiled executor for any Strawberry schema; it knows GraphQL and nothing of this project.

`strawberry.Schema(..., execution_context_class=CompiledExecutionContext)` is all that a project needs. An operation is
compiled once into a plan, which resolves its fields level by level, for all objects of a level at once. What it does
not compile runs on graphql-core's executor. Read `metadata.py` first: what a field may declare to be executed faster.
"""
