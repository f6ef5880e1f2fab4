"""The realistic partner that `partnerhub sample` writes as import files; imports none of our packages.

Read writer.py first.
"""
