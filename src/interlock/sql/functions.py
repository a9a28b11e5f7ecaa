"""Built-in functions, by what a call can read and do. A table; a name that isn't in it is code we can't read.

`LISTED` holds names all of whose overloads in pg_catalog are immutable or stable, read nothing but their arguments (or
the catalogs' harmless columns) and take no query text. A test checks volatility against the server's own bootstrap
data. Aggregates and window functions are among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final


class FunctionClass(Enum):
    """What a call of a built-in can do."""

    LISTED = "listed"  # stable or immutable, reads its arguments only
    VOLATILE = "volatile"  # reads no data, but isn't stable: not effect-free
    OPAQUE = "opaque"  # may show what isn't in the statement: definitions, comments, settings
    REFUSED = "refused"  # acts on the server, runs query text or reaches outside


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TEXT = _names("""
    ascii bit_count bit_length btrim casefold char_length character_length chr concat concat_ws convert_from convert_to
    crc32 crc32c decode encode format get_bit get_byte initcap is_normalized left length like_escape lower lpad ltrim
    md5 normalize octet_length overlay position quote_ident quote_literal quote_nullable regexp_count regexp_instr
    regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr
    repeat replace reverse right rpad rtrim set_bit set_byte sha224 sha256 sha384 sha512 similar_to_escape split_part
    starts_with string_to_array string_to_table strpos substr substring to_bin to_hex to_oct translate unistr upper
""")
_MATHS = _names("""
    abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt ceil ceiling cos cosd cosh cot cotd degrees
    div erf erfc exp factorial floor gamma gcd lcm lgamma ln log log10 min_scale mod pi pow power radians round scale
    sign sin sind sinh sqrt tan tand tanh trim_scale trunc width_bucket
    bool bpchar date float4 float8 int2 int4 int8 interval name numeric text time timestamp timestamptz timetz varchar
""")
_TIMES = _names("""
    age date_add date_bin date_part date_subtract date_trunc extract isfinite justify_days justify_hours
    justify_interval make_date make_interval make_time make_timestamp make_timestamptz now overlaps statement_timestamp
    timezone to_char to_date to_number to_timestamp transaction_timestamp
""")
_JSON = _names("""
    array_to_json json_array_elements json_array_elements_text json_array_length json_build_array json_build_object
    json_each json_each_text json_extract_path json_extract_path_text json_object json_object_keys json_strip_nulls
    json_typeof jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object
    jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys
    jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array
    jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz jsonb_pretty
    jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_typeof row_to_json to_json to_jsonb
    json_populate_record json_populate_recordset json_to_record json_to_recordset json_to_tsvector
    jsonb_populate_record jsonb_populate_record_valid jsonb_populate_recordset jsonb_to_record jsonb_to_recordset
    jsonb_to_tsvector
""")
_XML = _names("""
    xml_is_well_formed xml_is_well_formed_content xml_is_well_formed_document xmlagg xmlcomment xmlconcat2 xmlexists
    xmltext xpath xpath_exists
""")
_SHAPES = _names("""
    area bound_box box center circle diagonal diameter height isclosed ishorizontal isopen isparallel isperp isvertical
    line lseg npoints path pclose point polygon popen radius slope width
""")
_ARRAYS = _names("""
    array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions
    array_prepend array_remove array_replace array_reverse array_sort array_to_string array_upper cardinality
    generate_series generate_subscripts trim_array unnest
    daterange int4range int8range isempty lower_inc lower_inf numrange range_merge tsrange tstzrange upper_inc upper_inf
""")
_AGGREGATES = _names("""
    json_agg_strict json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict jsonb_agg_strict
    jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict
    any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every json_agg
    json_object_agg jsonb_agg jsonb_object_agg max min mode percentile_cont percentile_disc range_agg
    range_intersect_agg regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
    stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number
""")
_SEARCH = _names("""
    numnode phraseto_tsquery plainto_tsquery querytree setweight strip to_tsquery to_tsvector ts_headline ts_rank
    ts_rank_cd websearch_to_tsquery array_to_tsvector ts_delete ts_filter tsvector_to_array
""")
_OTHER = _names("""
    abbrev broadcast family host hostmask inet_merge inet_same_family masklen netmask network num_nonnulls num_nulls
    set_masklen uuid_extract_timestamp uuid_extract_version cash_words macaddr8_set7bit parse_ident to_ascii
    unicode_assigned datemultirange int4multirange int8multirange multirange nummultirange tsmultirange tstzmultirange
""")
_LOOKING_AROUND = _names("""
    acldefault aclexplode current_database current_schema current_schemas current_user format_type getdatabaseencoding
    has_any_column_privilege has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege
    has_function_privilege has_language_privilege has_schema_privilege has_sequence_privilege has_server_privilege
    has_table_privilege has_tablespace_privilege has_type_privilege inet_client_addr inet_client_port inet_server_addr
    inet_server_port pg_backend_pid pg_char_to_encoding pg_client_encoding pg_collation_for pg_collation_is_visible
    pg_column_size pg_conversion_is_visible pg_encoding_to_char pg_function_is_visible pg_get_serial_sequence
    pg_get_userbyid pg_has_role pg_my_temp_schema pg_opclass_is_visible pg_operator_is_visible pg_opfamily_is_visible
    pg_postmaster_start_time pg_relation_is_publishable pg_size_bytes pg_size_pretty pg_statistics_obj_is_visible
    pg_table_is_visible pg_type_is_visible pg_typeof row_security_active session_user to_regclass to_regcollation
    to_regnamespace to_regoper to_regoperator to_regproc to_regprocedure to_regrole to_regtype version
    has_largeobject_privilege has_parameter_privilege pg_available_extensions pg_conf_load_time pg_encoding_max_length
    pg_filenode_relation pg_get_function_identity_arguments pg_get_function_result pg_get_keywords
    pg_get_replica_identity_index pg_index_column_has_property pg_index_has_property pg_indexam_has_property
    pg_is_other_temp_schema pg_partition_root pg_relation_filenode pg_tablespace_location pg_ts_config_is_visible
    pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible
""")
LISTED: Final = (
    _TEXT | _MATHS | _TIMES | _JSON | _XML | _SHAPES | _ARRAYS | _AGGREGATES | _SEARCH | _OTHER | _LOOKING_AROUND
)

VOLATILE: Final = _names("""
    clock_timestamp gen_random_uuid pg_advisory_unlock_all pg_collation_actual_version pg_database_size pg_indexes_size
    pg_is_in_recovery pg_partition_ancestors pg_partition_tree pg_relation_size pg_table_size pg_total_relation_size
    random random_normal timeofday uuidv4 uuidv7
""")
DEFINITIONS: Final = _names("""
    col_description current_setting obj_description pg_describe_object pg_get_constraintdef pg_get_expr
    pg_get_function_arg_default pg_get_function_arguments pg_get_function_sqlbody pg_get_functiondef pg_get_indexdef
    pg_get_partition_constraintdef pg_get_partkeydef pg_get_ruledef pg_get_sequence_data pg_get_statisticsobjdef
    pg_get_statisticsobjdef_columns pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_viewdef
    pg_options_to_table shobj_description
""")
"""Print definitions, comments, options or settings, and do nothing else."""
PRINTS_SQL: Final = _names("""
    pg_get_constraintdef pg_get_expr pg_get_indexdef pg_get_partition_constraintdef pg_get_partkeydef pg_get_ruledef
    pg_get_statisticsobjdef pg_get_triggerdef pg_get_viewdef
""")
"""Those whose text is SQL that the server made of its own tree, so that literals in it are quoted or numbers."""
OPAQUE: Final = DEFINITIONS | _names("""
    pg_sequence_last_value pg_sequence_parameters pg_show_all_settings pg_sleep pg_sleep_for pg_sleep_until
""")
REFUSED: Final = _names("""
    binary_upgrade_set_next_pg_type_oid brin_summarize_new_values connectby crosstab currval cursor_to_xml
    cursor_to_xmlschema database_to_xml database_to_xml_and_xmlschema database_to_xmlschema lastval loread
    lowrite nextval pg_backup_start pg_backup_stop pg_cancel_backend pg_clear_attribute_stats
    pg_clear_relation_stats pg_create_physical_replication_slot pg_create_restore_point pg_current_logfile
    pg_current_xact_id pg_drop_replication_slot pg_export_snapshot pg_file_read pg_file_rename pg_file_sync
    pg_file_unlink pg_file_write pg_get_wal_records_info pg_hba_file_rules pg_import_system_collations
    pg_log_backend_memory_contexts pg_nextoid pg_notify pg_promote pg_read_binary_file pg_read_file
    pg_read_file_old pg_reload_conf pg_restore_attribute_stats pg_restore_relation_stats pg_rotate_logfile
    pg_stat_file pg_stop_making_pinned_objects pg_switch_wal pg_terminate_backend pg_wal_replay_pause
    pg_wal_replay_resume query_to_xml query_to_xml_and_xmlschema query_to_xmlschema schema_to_xml
    schema_to_xml_and_xmlschema schema_to_xmlschema set_config setval table_to_xml table_to_xml_and_xmlschema
    table_to_xmlschema ts_rewrite ts_stat txid_current xpath_table
""")
REFUSED_PREFIXES: Final = (
    "dblink",
    "lo_",
    "pg_advisory_",
    "pg_try_advisory_",
    "pg_ls_",
    "pg_logical_",
    "pg_replication_",
    "pg_create_",
    "pg_copy_",
    "pg_sync_",
    "pg_stat_reset",
    "binary_upgrade_",
    "postgres_fdw_",
    "pg_file_",
)


def class_of(name: str) -> FunctionClass | None:
    """The class of a built-in by its bare, folded name; None when the table doesn't have it."""
    if name in LISTED:
        return FunctionClass.LISTED
    if name in VOLATILE:
        return FunctionClass.VOLATILE
    if name in OPAQUE:
        return FunctionClass.OPAQUE
    if name in REFUSED or name.startswith(REFUSED_PREFIXES):
        return FunctionClass.REFUSED
    return None


FUNCTION_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "_pg_expandarray": ("x", "n"),
    "aclexplode": ("grantor", "grantee", "privilege_type", "is_grantable"),
    "json_each": ("key", "value"),
    "pg_available_extensions": ("name", "default_version", "comment"),
    "pg_get_keywords": ("word", "catcode", "barelabel", "catdesc", "baredesc"),
    "pg_get_sequence_data": ("last_value", "is_called"),
    "pg_options_to_table": ("option_name", "option_value"),
    "pg_partition_ancestors": ("relid",),
    "pg_partition_tree": ("relid", "parentrelid", "isleaf", "level"),
}
"""The columns that a function makes in FROM, where its alias doesn't name them."""

BUILT_IN_TYPES: Final = _names("""
    bit bool box bpchar bytea char cidr circle date daterange datemultirange float4 float8 inet int2 int2vector int4
    int4multirange int4range int8 int8multirange int8range interval json jsonb jsonpath line lseg macaddr macaddr8 money
    name nummultirange numeric numrange oid oidvector path point polygon regclass regcollation regconfig regdictionary
    regnamespace regoper regoperator regproc regprocedure regrole regtype text tid time timestamp timestamptz timetz
    tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector uuid varbit varchar xid xid8 cid pg_lsn aclitem
""")
"""Types whose input, output and casts are built in and take no query text (xml is left out)."""

BUILT_IN_OPERATORS: Final = _names(r"""
    !! != !~ !~* !~~ !~~* # ## #- #> #>> % & && &< &<| &> * *< *<= *<> *= *> *>= + - -> ->> -|- / < <-> << <<= <<|
    <= <> <@ <^ = > >= >> >>= >^ ? ?# ?& ?- ?-| ?| ?|| @ @-@ @> @? @@ @@@ ^ ^@ | |&> |/ |>> || ||/ ~ ~* ~<=~ ~<~
    ~= ~>=~ ~>~ ~~ ~~*
""")
"""Operator names in pg_catalog; every function behind them is immutable or stable (tested)."""
