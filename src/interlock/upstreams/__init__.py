"""Connections of our own to what we protect: snapshots of definitions, tests of a login, marks of change."""
