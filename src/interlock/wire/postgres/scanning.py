"""What the row kernel does with single bytes: the numbers, in network order, that messages and fields begin with.

`scanning.pxd` has the same functions in C: where the kernel is compiled, those are used and these aren't. Both give the
same for the same bytes, but for one thing: past the end of `data` these raise `struct.error`, and those in C give a
length or a type that no message can have. Whoever uses them refuses both.
"""

from struct import Struct

int32 = Struct(">i").unpack_from
"""(data, at) -> (number,): a field's length, signed."""

message_head = Struct(">Bi").unpack_from
"""(data, at) -> (type, length) of a message."""

row_head = Struct(">BiH").unpack_from
"""(data, at) -> (type, length, number of fields) of a DataRow."""

write_row_head = Struct(">BiH").pack
"""(type, length, number of fields) -> those seven bytes."""

write_message_head = Struct(">Bi").pack
"""(type, length) -> those five bytes."""

find = bytes.find
"""(data, byte, start, stop) -> where the byte first stands in that part; -1 if it doesn't."""
