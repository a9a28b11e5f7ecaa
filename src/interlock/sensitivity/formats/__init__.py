"""Documents: which values they hold, where, what their place says of them, and how a masked one is put back.

A format reads its source text into pieces (`document.Piece`: place in the source, path, value, telling name) and writes
a new value in place of a piece; everything between pieces stays as it was, byte for byte. `looking` asks the
engine about pieces, and `windows` about texts too long for one look. Pure.
"""
