"""One short function per field: `(context, parent, **arguments) -> value`.

A resolver that loads one key returns the loader's future instead of awaiting it: an `async def` around it would make
one more coroutine for each object of a list.
"""
