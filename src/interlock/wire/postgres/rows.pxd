# The types of rows.py's hot loop, for its compiled form; cython reads it beside the source, Python never does.

cimport cython
cimport interlock.wire.postgres.scanning as scanning


cdef int _DATA_ROW
cdef Py_ssize_t _HEADER_SIZE


cdef class RowMasker:
    cdef public Py_ssize_t rows
    cdef Py_ssize_t _columns
    cdef list _kept
    cdef tuple _steps
    cdef tuple _tail

    @cython.locals(
        at=Py_ssize_t, end=Py_ssize_t, stop=Py_ssize_t, start=Py_ssize_t, slot=Py_ssize_t, size=Py_ssize_t, kind=int,
        length=Py_ssize_t, count=int, grown=Py_ssize_t, rows=Py_ssize_t, columns=Py_ssize_t,
        steps=tuple, skip=tuple, group=tuple, joined=bytes, tail=tuple,
    )
    cdef Py_ssize_t _rewrite(self, bytes data, list out) except -1

    @cython.locals(grown=Py_ssize_t, size=Py_ssize_t, behind=Py_ssize_t, column=Py_ssize_t)
    cdef (Py_ssize_t, Py_ssize_t) _one_by_one(self, bytes data, Py_ssize_t at, tuple group, list out)


cdef Py_ssize_t _empty(Py_ssize_t size) except -1


@cython.locals(
    at=Py_ssize_t, end=Py_ssize_t, stop=Py_ssize_t, size=Py_ssize_t, behind=Py_ssize_t, kind=int, length=Py_ssize_t,
    count=int, number=Py_ssize_t, place=Py_ssize_t, column=Py_ssize_t,
)
cdef object _gather(bytes data, tuple columns, list found)
