"""The ASGI application, its protocols, settings and command line."""
