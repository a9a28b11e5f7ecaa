"""Bytes to messages and back, one package a protocol. Pure: no socket, clock or randomness."""
