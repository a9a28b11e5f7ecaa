# The types of copy_rows.py, for its compiled form; cython reads it beside the source, Python never does.

cimport cython
cimport interlock.wire.postgres.scanning as scanning

cdef int _COPY_DATA
cdef int _NEWLINE
cdef Py_ssize_t _HEADER_SIZE


cdef class PlainRows:
    cdef Py_ssize_t _rows
    cdef list _kept
    cdef int _delimiter
    cdef int _special
    cdef object _null
    cdef Py_ssize_t _null_size
    cdef Py_ssize_t _limit
    cdef tuple _steps
    cdef Py_ssize_t _tail

    cpdef object counted(self)

    @cython.locals(
        end=Py_ssize_t, kind=int, length=Py_ssize_t, start=Py_ssize_t, stop=Py_ssize_t, last=Py_ssize_t,
        slot=Py_ssize_t, grown=Py_ssize_t,
    )
    cpdef Py_ssize_t take(self, bytes data, Py_ssize_t at, list out) except -1

    @cython.locals(
        start=Py_ssize_t, grown=Py_ssize_t, delimiter=int, number=Py_ssize_t, skip=tuple, field=bytes, keeps_null=bint,
        ends=bint, size=Py_ssize_t, behind=Py_ssize_t, left=Py_ssize_t,
    )
    cdef Py_ssize_t _row(self, bytes data, Py_ssize_t at, Py_ssize_t last, list out) except? -1
