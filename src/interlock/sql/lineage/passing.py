"""How labels pass through built-in functions, aggregates, window functions and operators. A table.

What a name can read and do stands in `sql/functions.py`; here stands what of its arguments can come out of a call, and
whether a call can fail for some values and not for others: an error is an answer too. docs/reference/sql-functions.md
prints all of it. Names are bare and folded; whether a name means the built-in at all is for the caller to know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, StrEnum
from typing import Final, assert_never

from interlock.sql.functions import BUILT_IN_OPERATORS, FunctionClass, class_of


class Passing(StrEnum):
    """What a call gives out of what it is given."""

    CARRIES = "carries"  # anything of any argument, those of WITHIN GROUP too
    PLACES = "places"  # its direct arguments; what its rows are ordered by (OVER, WITHIN GROUP) isn't given out
    RELEASES_NOTHING = "releases nothing"  # nothing of its arguments
    OPAQUE = "opaque"  # may give out what isn't among its arguments


class Failing(StrEnum):
    """Whether a call can fail, and by what that depends."""

    NEVER = "never"
    AT_EDGES = "at edges"  # at the ends of a type's range: a stored column alone can't be steered there
    BY_SOME = "by some arguments"  # unless certain arguments are constants
    BY_VALUE = "by value"


class Given(Enum):
    """What one argument is. A constant is a literal or a parameter, cast or not."""

    CONSTANT = "constant"
    COLUMN = "column"  # a plain column
    ARRAY = "array"  # a plain column of an array type, or ARRAY[...]
    COMPUTED = "computed"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOTHING: Final = _names("count pg_collation_for pg_typeof row_number")
# ntile's argument, and what a hypothetical row is made of (rank(x) WITHIN GROUP ...), can be read back from the result.
_PLACES: Final = _names("cume_dist dense_rank ntile percent_rank rank")

# Where the names below fail at all, it is for want of memory, for settings, or for types: never for values.
# Functions that make arrays as long as a value has parts aren't among them: other functions fail by an array's shape.
_NEVER: Final = _names("""
    ascii bit_count bit_length btrim casefold char_length character_length concat concat_ws crc32 crc32c initcap left
    lower ltrim md5 octet_length position quote_ident quote_literal quote_nullable replace reverse right rtrim sha224
    sha256 sha384 sha512 starts_with string_to_table strpos to_bin to_hex to_oct translate upper
    asinh atan atan2 atan2d atand cbrt ceil ceiling erf erfc floor min_scale pi scale sign tanh trim_scale text
    isfinite now statement_timestamp transaction_timestamp
    array_to_json json_build_array json_extract_path json_extract_path_text json_strip_nulls json_typeof
    jsonb_build_array jsonb_extract_path jsonb_extract_path_text jsonb_pretty jsonb_strip_nulls jsonb_typeof row_to_json
    to_json to_jsonb
    array_dims array_length array_lower array_ndims array_replace array_reverse array_to_string array_upper cardinality
    generate_subscripts isempty lower_inc lower_inf unnest upper_inc upper_inf
    any_value bool_and bool_or count every json_agg jsonb_agg max min mode range_agg range_intersect_agg range_merge
    string_agg cume_dist dense_rank first_value lag last_value lead percent_rank rank row_number
    numnode querytree strip
    abbrev broadcast family host hostmask inet_same_family masklen netmask network num_nonnulls num_nulls
    uuid_extract_timestamp uuid_extract_version
    current_database current_schema current_schemas current_user format_type getdatabaseencoding inet_client_addr
    inet_client_port inet_server_addr inet_server_port pg_backend_pid pg_client_encoding pg_collation_for
    pg_collation_is_visible pg_column_size pg_conversion_is_visible pg_function_is_visible pg_get_userbyid
    pg_my_temp_schema pg_opclass_is_visible pg_operator_is_visible pg_opfamily_is_visible pg_postmaster_start_time
    pg_size_pretty pg_statistics_obj_is_visible pg_table_is_visible pg_type_is_visible pg_typeof session_user version
    pg_conf_load_time pg_is_other_temp_schema pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible
    pg_ts_template_is_visible
    clock_timestamp gen_random_uuid pg_is_in_recovery timeofday uuidv4
""")
_AT_EDGES: Final = _names("""
    abs cos cosd degrees gcd radians sin sind tan tand age justify_days justify_hours justify_interval
    array_agg avg bit_and bit_or bit_xor corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2
    regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp sum var_pop var_samp variance
    phraseto_tsquery plainto_tsquery to_tsvector ts_headline websearch_to_tsquery
""")
_REST: Final = frozenset(range(1, 8))
_EVEN: Final = frozenset(range(0, 100, 2))  # FUNC_MAX_ARGS is 100
_BY_SOME: Final[Mapping[str, frozenset[int]]] = {
    "date_part": frozenset({0}),
    "date_trunc": frozenset({0, 2}),
    "encode": frozenset({1}),
    "extract": frozenset({0}),
    "is_normalized": frozenset({1}),
    "json_build_object": _EVEN,
    "jsonb_build_object": _EVEN,
    "length": frozenset({1}),
    "like_escape": frozenset({0, 1}),
    "lpad": frozenset({1}),
    "normalize": frozenset({1}),
    "nth_value": frozenset({1}),
    "ntile": frozenset({0}),
    "overlay": frozenset({2, 3}),
    "percentile_cont": frozenset({0}),
    "percentile_disc": frozenset({0}),
    "regexp_count": _REST,
    "regexp_instr": _REST,
    "regexp_like": _REST,
    "regexp_replace": _REST,
    "regexp_split_to_table": _REST,
    "regexp_substr": _REST,
    "repeat": frozenset({1}),
    "round": frozenset({1}),
    "rpad": frozenset({1}),
    "setweight": frozenset({1, 2}),
    "split_part": frozenset({2}),
    "substr": frozenset({1, 2}),
    "substring": frozenset({1, 2}),
    "timezone": frozenset({0}),
    "to_char": frozenset({1}),
    "trunc": frozenset({1}),
}
"""Which arguments (from 0) must be constants, so that values of the others make no call fail."""

_OPERATOR_NEVER: Final = _names(r"""
    != #> #>> && &< &<| &> *< *<= *<> *= *> *>= -> ->> -|- < << <<= <<| <= <> <@ <^ = > >= >> >>= >^ ? ?& ?| @> @? @@
    @@@ ^@ |&> |>> ~<=~ ~<~ ~= ~>=~ ~>~
""")
_OPERATOR_EDGES: Final = _names("# & @ |")
_PATTERNS: Final = _names("!~ !~* !~~ !~~* ~ ~* ~~ ~~*")  # a pattern can be malformed, what is matched can't
_SUMS: Final = _names("+ - *")
_TEXT_CASTS: Final = _names("bpchar name text varchar")


def of(name: str) -> Passing | None:
    """What a built-in's calls give out; None when `sql/functions.py` doesn't have the name: code that we can't read."""
    known = class_of(name)
    match known:
        case None:
            return None
        case FunctionClass.OPAQUE | FunctionClass.REFUSED:
            return Passing.OPAQUE
        case FunctionClass.LISTED | FunctionClass.VOLATILE:
            if name in _NOTHING:
                return Passing.RELEASES_NOTHING
            return Passing.PLACES if name in _PLACES else Passing.CARRIES
        case _:
            assert_never(known)


def failing(name: str) -> Failing:
    """Whether calls of a function can fail; BY_VALUE for those that the tables don't have."""
    if name in _NEVER:
        return Failing.NEVER
    if name in _AT_EDGES:
        return Failing.AT_EDGES
    return Failing.BY_SOME if name in _BY_SOME else Failing.BY_VALUE


def steering(name: str) -> frozenset[int]:
    """Of one that fails BY_SOME arguments: the positions (from 0) that must hold constants."""
    return _BY_SOME.get(name, frozenset())


def may_fail(name: str, given: Sequence[Given] | None = None) -> bool:
    """Whether an error of a call can depend on values; `given`: its arguments in order, None when they aren't told.

    Names and VARIADIC put arguments out of order: don't tell them then.
    """
    match failing(name):
        case Failing.NEVER:
            return False
        case Failing.AT_EDGES:
            return given is None or any(g in (Given.COMPUTED, Given.ARRAY) for g in given)
        case Failing.BY_SOME:
            return given is None or any(g is not Given.CONSTANT for n, g in enumerate(given) if n in _BY_SOME[name])
        case Failing.BY_VALUE:
            return given is None or any(g is not Given.CONSTANT for g in given)


def operator_may_fail(op: str, left: Given = Given.COMPUTED, right: Given = Given.COMPUTED) -> bool:
    """Whether an error of a built-in operator can depend on values. The left of a prefix operator is a CONSTANT.

    Sums of two stored columns overflow where their values have it; with a constant beside it a column can be searched.
    """
    sides = (left, right)
    if op in _OPERATOR_NEVER or all(g is Given.CONSTANT for g in sides):
        return False
    if op == "||":  # by the shapes of arrays; text always joins
        return Given.ARRAY in sides
    if op in _PATTERNS:  # the prefix ~ turns bits over, and never fails
        return right is not Given.CONSTANT and not (op == "~" and left is Given.CONSTANT and right is Given.COLUMN)
    if op in _OPERATOR_EDGES:
        return Given.COMPUTED in sides or Given.ARRAY in sides
    if op in _SUMS:
        return not (left is Given.COLUMN and right is Given.COLUMN)
    return True


def operator_failing(op: str) -> Failing:
    """The same in a word, for the page."""
    if op in _OPERATOR_NEVER or op == "||":
        return Failing.NEVER
    if op in _PATTERNS:
        return Failing.BY_SOME
    return Failing.AT_EDGES if op in _OPERATOR_EDGES else Failing.BY_VALUE


def operator_carries(op: str) -> bool:
    """Whether a bare operator is one of pg_catalog's, all of which give out what both sides hold."""
    return op in BUILT_IN_OPERATORS


def cast_may_fail(bare: str) -> bool:
    """Whether a cast to a built-in type can fail by values. To text it can't: all output functions are total."""
    return bare not in _TEXT_CASTS
