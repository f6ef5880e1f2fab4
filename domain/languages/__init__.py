"""Languages: which one a request asks for, the catalogues, and the rendering of messages. Read rendering.py first."""
