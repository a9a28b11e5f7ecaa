# scanning.py in C. A length of -2, or a type of 0, is what no server may send: it stands for the end of the bytes.

from libc.string cimport memchr

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE


cdef inline int big_endian(const unsigned char* p) noexcept:
    return <int> ((<unsigned int> p[0] << 24) | (<unsigned int> p[1] << 16) | (<unsigned int> p[2] << 8) | p[3])


cdef inline (int, int) int32(bytes data, Py_ssize_t at) noexcept:
    # The second number is only there since a tuple of one isn't taken as C's.
    if at < 0 or at > PyBytes_GET_SIZE(data) - 4:
        return -2, 0
    return big_endian(<const unsigned char*> PyBytes_AS_STRING(data) + at), 0


cdef inline (int, int) message_head(bytes data, Py_ssize_t at) noexcept:
    cdef const unsigned char* p
    if at < 0 or at > PyBytes_GET_SIZE(data) - 5:
        return 0, -2
    p = <const unsigned char*> PyBytes_AS_STRING(data) + at
    return p[0], big_endian(p + 1)


cdef inline (int, int, int) row_head(bytes data, Py_ssize_t at) noexcept:
    cdef const unsigned char* p
    if at < 0 or at > PyBytes_GET_SIZE(data) - 7:
        return 0, -2, 0
    p = <const unsigned char*> PyBytes_AS_STRING(data) + at
    return p[0], big_endian(p + 1), (p[5] << 8) | p[6]


cdef inline int fits(Py_ssize_t length) except -1:
    if not 0 <= length <= 0x7FFFFFFF:
        raise OverflowError("a length that four bytes don't hold")
    return 0


cdef inline void put(unsigned char* p, int kind, Py_ssize_t length) noexcept:
    p[0] = <unsigned char> kind
    p[1] = <unsigned char> (length >> 24)
    p[2] = <unsigned char> (length >> 16)
    p[3] = <unsigned char> (length >> 8)
    p[4] = <unsigned char> length


cdef inline bytes write_message_head(int kind, Py_ssize_t length):
    fits(length)
    cdef bytes head = PyBytes_FromStringAndSize(NULL, 5)
    put(<unsigned char*> PyBytes_AS_STRING(head), kind, length)
    return head


cdef inline bytes write_row_head(int kind, Py_ssize_t length, int count):
    fits(length)
    cdef bytes head = PyBytes_FromStringAndSize(NULL, 7)
    cdef unsigned char* p = <unsigned char*> PyBytes_AS_STRING(head)
    put(p, kind, length)
    p[5] = <unsigned char> (count >> 8)
    p[6] = <unsigned char> count
    return head


cdef inline Py_ssize_t find(bytes data, int byte, Py_ssize_t start, Py_ssize_t stop) noexcept:
    cdef const char* whole = PyBytes_AS_STRING(data)
    cdef const char* found
    if stop > PyBytes_GET_SIZE(data):
        stop = PyBytes_GET_SIZE(data)
    if start < 0 or start >= stop:
        return -1
    found = <const char*> memchr(whole + start, byte, stop - start)
    return found - whole if found != NULL else -1
