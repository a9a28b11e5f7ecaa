# The types of the header scans in frames.py, for their compiled form; cython reads it beside the source, Python never does.

cimport cython
cimport interlock.wire.postgres.scanning as scanning

cdef Py_ssize_t _HEADER_SIZE


cdef class RunReader:
    cdef public object limit
    cdef public object passed
    cdef object _wanted
    cdef object _gathered
    cdef bytes _special
    cdef object _held
    cdef object _passing

    @cython.locals(
        end=Py_ssize_t, last=Py_ssize_t, special=bytes, kind=cython.uchar, length=Py_ssize_t, passed=Py_ssize_t, stop=Py_ssize_t
    )
    cdef object _scan(self, bytes chunk, Py_ssize_t start, Py_ssize_t at, list pieces)

    @cython.locals(
        end=Py_ssize_t, last=Py_ssize_t, limit=Py_ssize_t, other=int, length=Py_ssize_t, stop=Py_ssize_t, many=bint,
        passed=Py_ssize_t,
    )
    cdef Py_ssize_t _reach(self, bytes chunk, Py_ssize_t at, int kind) except -1


cdef object _check(Py_ssize_t length, object limit)
