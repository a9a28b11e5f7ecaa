"""Catalogs that hold definitions' texts beside names, as data for `catalogs.py`. Columns are those of PostgreSQL 18.

A line a catalog: `name oid: columns / kept`. Kept are columns that may hold literals, and so data: defaults, bodies,
comments, labels of enums, options, queries. What isn't listed in either table counts as data, whatever it is;
`WITHHELD` names those that were looked through, and a test holds that nothing else is missing.
"""

from __future__ import annotations

from typing import Final

PG_CATALOG: Final = """
pg_aggregate 2600: aggfnoid aggkind aggnumdirectargs aggtransfn aggfinalfn aggcombinefn aggserialfn aggdeserialfn \
aggmtransfn aggminvtransfn aggmfinalfn aggfinalextra aggmfinalextra aggfinalmodify aggmfinalmodify aggsortop \
aggtranstype aggtransspace aggmtranstype aggmtransspace / agginitval aggminitval
pg_amop 2602: oid amopfamily amoplefttype amoprighttype amopstrategy amoppurpose amopopr amopmethod amopsortfamily /
pg_amproc 2603: oid amprocfamily amproclefttype amprocrighttype amprocnum amproc /
pg_attrdef 2604: oid adrelid adnum / adbin
pg_conversion 2607: oid conname connamespace conowner conforencoding contoencoding conproc condefault /
pg_db_role_setting 2964: setdatabase setrole / setconfig
pg_default_acl 826: oid defaclrole defaclnamespace defaclobjtype defaclacl /
pg_description 2609: objoid classoid objsubid / description
pg_enum 3501: oid enumtypid enumsortorder / enumlabel
pg_event_trigger 3466: oid evtname evtevent evtowner evtfoid evtenabled evttags /
pg_foreign_data_wrapper 2328: oid fdwname fdwowner fdwhandler fdwvalidator fdwacl / fdwoptions
pg_foreign_server 1417: oid srvname srvowner srvfdw srvacl / srvtype srvversion srvoptions
pg_foreign_table 3118: ftrelid ftserver / ftoptions
pg_init_privs 3394: objoid classoid objsubid privtype initprivs /
pg_largeobject_metadata 2995: oid lomowner lomacl /
pg_publication 6104: oid pubname pubowner puballtables pubinsert pubupdate pubdelete pubtruncate pubviaroot pubgencols /
pg_publication_namespace 6237: oid pnpubid pnnspid /
pg_publication_rel 6106: oid prpubid prrelid prattrs / prqual
pg_rewrite 2618: oid rulename ev_class ev_type ev_enabled is_instead / ev_qual ev_action
pg_seclabel 3596: objoid classoid objsubid provider / label
pg_sequence 2224: seqrelid seqtypid seqstart seqincrement seqmax seqmin seqcache seqcycle /
pg_shdepend 1214: dbid classid objid objsubid refclassid refobjid deptype /
pg_shdescription 2396: objoid classoid / description
pg_shseclabel 3592: objoid classoid provider / label
pg_statistic_ext 3381: oid stxrelid stxname stxnamespace stxowner stxkeys stxstattarget stxkind / stxexprs
pg_subscription 6100: oid subdbid subskiplsn subname subowner subenabled subbinary substream subtwophasestate \
subdisableonerr subpasswordrequired subrunasowner subfailover subslotname subsynccommit subpublications suborigin \
/ subconninfo
pg_subscription_rel 6102: srsubid srrelid srsubstate srsublsn /
pg_transform 3576: oid trftype trflang trffromsql trftosql /
pg_ts_config 3602: oid cfgname cfgnamespace cfgowner cfgparser /
pg_ts_config_map 3603: mapcfg maptokentype mapseqno mapdict /
pg_ts_dict 3600: oid dictname dictnamespace dictowner dicttemplate / dictinitoption
pg_ts_parser 3601: oid prsname prsnamespace prsstart prstoken prsend prsheadline prslextype /
pg_ts_template 3764: oid tmplname tmplnamespace tmplinit tmpllexize /
pg_user_mapping 1418: oid umuser umserver / umoptions
pg_available_extensions 0: name default_version installed_version comment /
pg_available_extension_versions 0: name version installed superuser trusted relocatable schema requires comment /
pg_cursors 0: is_holdable is_binary is_scrollable creation_time / name statement
pg_group 0: groname grosysid grolist /
pg_indexes 0: schemaname tablename indexname tablespace / indexdef
pg_locks 0: locktype database relation page tuple virtualxid transactionid classid virtualtransaction pid mode granted \
fastpath waitstart / objid objsubid
pg_matviews 0: schemaname matviewname matviewowner tablespace hasindexes ispopulated / definition
pg_policies 0: schemaname tablename policyname permissive roles cmd / qual with_check
pg_prepared_statements 0: prepare_time parameter_types result_types from_sql generic_plans custom_plans / name statement
pg_publication_tables 0: pubname schemaname tablename attnames / rowfilter
pg_rules 0: schemaname tablename rulename / definition
pg_seclabels 0: objoid classoid objsubid objtype objnamespace provider / objname label
pg_sequences 0: schemaname sequencename sequenceowner data_type start_value min_value max_value increment_by cycle \
cache_size / last_value
pg_settings 0: name unit category short_desc extra_desc context vartype source min_val max_val enumvals \
pending_restart / setting boot_val reset_val sourcefile sourceline
pg_stat_activity 0: datid datname pid leader_pid usesysid usename backend_start xact_start query_start state_change \
wait_event_type wait_event state backend_xid backend_xmin query_id backend_type / application_name client_addr \
client_hostname client_port query
pg_stat_user_indexes 0: relid indexrelid schemaname relname indexrelname idx_scan last_idx_scan idx_tup_read \
idx_tup_fetch /
pg_stat_user_tables 0: relid schemaname relname seq_scan last_seq_scan seq_tup_read idx_scan last_idx_scan \
idx_tup_fetch n_tup_ins n_tup_upd n_tup_del n_tup_hot_upd n_tup_newpage_upd n_live_tup n_dead_tup n_mod_since_analyze \
n_ins_since_vacuum last_vacuum last_autovacuum last_analyze last_autoanalyze vacuum_count autovacuum_count \
analyze_count autoanalyze_count total_vacuum_time total_autovacuum_time total_analyze_time total_autoanalyze_time /
pg_user 0: usename usesysid usecreatedb usesuper userepl usebypassrls valuntil / passwd useconfig
pg_views 0: schemaname viewname viewowner / definition
"""

INFORMATION_SCHEMA: Final = """
administrable_role_authorizations 0: grantee role_name is_grantable /
attributes 0: udt_catalog udt_schema udt_name attribute_name ordinal_position is_nullable data_type \
character_maximum_length character_octet_length numeric_precision numeric_precision_radix numeric_scale \
datetime_precision attribute_udt_catalog attribute_udt_schema attribute_udt_name dtd_identifier character_set_catalog \
character_set_schema character_set_name collation_catalog collation_schema collation_name interval_type \
interval_precision scope_catalog scope_schema scope_name maximum_cardinality is_derived_reference_attribute / \
attribute_default
character_sets 0: character_set_catalog character_set_schema character_set_name character_repertoire form_of_use \
default_collate_catalog default_collate_schema default_collate_name /
check_constraint_routine_usage 0: constraint_catalog constraint_schema constraint_name specific_catalog \
specific_schema specific_name /
check_constraints 0: constraint_catalog constraint_schema constraint_name / check_clause
collation_character_set_applicability 0: collation_catalog collation_schema collation_name character_set_catalog \
character_set_schema character_set_name /
collations 0: collation_catalog collation_schema collation_name pad_attribute /
column_column_usage 0: table_catalog table_schema table_name column_name dependent_column /
column_domain_usage 0: domain_catalog domain_schema domain_name table_catalog table_schema table_name column_name /
column_privileges 0: grantor grantee table_catalog table_schema table_name column_name privilege_type is_grantable /
column_udt_usage 0: udt_catalog udt_schema udt_name table_catalog table_schema table_name column_name /
constraint_table_usage 0: table_catalog table_schema table_name constraint_catalog constraint_schema constraint_name \
/
data_type_privileges 0: object_catalog object_schema object_name object_type dtd_identifier /
domain_constraints 0: constraint_catalog constraint_schema constraint_name domain_catalog domain_schema domain_name \
is_deferrable initially_deferred /
domain_udt_usage 0: udt_catalog udt_schema udt_name domain_catalog domain_schema domain_name /
domains 0: domain_catalog domain_schema domain_name data_type character_maximum_length character_octet_length \
collation_catalog collation_schema collation_name numeric_precision numeric_precision_radix numeric_scale \
datetime_precision udt_catalog udt_schema udt_name dtd_identifier character_set_catalog character_set_schema \
character_set_name interval_type interval_precision scope_catalog scope_schema scope_name maximum_cardinality / \
domain_default
element_types 0: object_catalog object_schema object_name object_type collection_type_identifier data_type \
udt_catalog udt_schema udt_name dtd_identifier character_maximum_length character_octet_length character_set_catalog \
character_set_schema character_set_name collation_catalog collation_schema collation_name numeric_precision \
numeric_precision_radix numeric_scale datetime_precision interval_type interval_precision scope_catalog scope_schema \
scope_name maximum_cardinality /
foreign_tables 0: foreign_table_catalog foreign_table_schema foreign_table_name foreign_server_catalog \
foreign_server_name /
parameters 0: specific_catalog specific_schema specific_name ordinal_position parameter_mode is_result as_locator \
parameter_name data_type udt_catalog udt_schema udt_name dtd_identifier character_maximum_length \
character_octet_length character_set_catalog character_set_schema character_set_name collation_catalog \
collation_schema collation_name numeric_precision numeric_precision_radix numeric_scale datetime_precision \
interval_type interval_precision scope_catalog scope_schema scope_name maximum_cardinality / parameter_default
role_column_grants 0: grantor grantee table_catalog table_schema table_name column_name privilege_type is_grantable /
role_routine_grants 0: grantor grantee specific_catalog specific_schema specific_name routine_catalog routine_schema \
routine_name privilege_type is_grantable /
role_table_grants 0: grantor grantee table_catalog table_schema table_name privilege_type is_grantable with_hierarchy \
/
role_udt_grants 0: grantor grantee udt_catalog udt_schema udt_name privilege_type is_grantable /
role_usage_grants 0: grantor grantee object_catalog object_schema object_name object_type privilege_type is_grantable \
/
routine_column_usage 0: specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name \
table_catalog table_schema table_name column_name /
routine_privileges 0: grantor grantee specific_catalog specific_schema specific_name routine_catalog routine_schema \
routine_name privilege_type is_grantable /
routine_routine_usage 0: specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name /
routine_sequence_usage 0: specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name \
sequence_catalog sequence_schema sequence_name /
routine_table_usage 0: specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name \
table_catalog table_schema table_name /
routines 0: specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name routine_type \
data_type type_udt_catalog type_udt_schema type_udt_name routine_body external_language is_deterministic \
sql_data_access is_null_call security_type module_catalog module_schema module_name udt_catalog udt_schema udt_name \
character_maximum_length character_octet_length character_set_catalog character_set_schema character_set_name \
collation_catalog collation_schema collation_name numeric_precision numeric_precision_radix numeric_scale \
datetime_precision interval_type interval_precision scope_catalog scope_schema scope_name maximum_cardinality \
dtd_identifier parameter_style sql_path schema_level_routine max_dynamic_result_sets is_user_defined_cast \
is_implicitly_invocable to_sql_specific_catalog to_sql_specific_schema to_sql_specific_name as_locator created \
last_altered new_savepoint_level is_udt_dependent result_cast_from_data_type result_cast_as_locator \
result_cast_char_max_length result_cast_char_octet_length result_cast_char_set_catalog result_cast_char_set_schema \
result_cast_char_set_name result_cast_collation_catalog result_cast_collation_schema result_cast_collation_name \
result_cast_numeric_precision result_cast_numeric_precision_radix result_cast_numeric_scale \
result_cast_datetime_precision result_cast_interval_type result_cast_interval_precision result_cast_type_udt_catalog \
result_cast_type_udt_schema result_cast_type_udt_name result_cast_scope_catalog result_cast_scope_schema \
result_cast_scope_name result_cast_maximum_cardinality result_cast_dtd_identifier / routine_definition external_name
sequences 0: sequence_catalog sequence_schema sequence_name data_type numeric_precision numeric_precision_radix \
numeric_scale start_value minimum_value maximum_value increment cycle_option /
transforms 0: udt_catalog udt_schema udt_name specific_catalog specific_schema specific_name group_name \
transform_type /
triggered_update_columns 0: trigger_catalog trigger_schema trigger_name event_object_catalog event_object_schema \
event_object_table event_object_column /
triggers 0: trigger_catalog trigger_schema trigger_name event_manipulation event_object_catalog event_object_schema \
event_object_table action_order action_orientation action_timing action_reference_old_table \
action_reference_new_table created action_reference_old_row action_reference_new_row / action_condition \
action_statement
udt_privileges 0: grantor grantee udt_catalog udt_schema udt_name privilege_type is_grantable /
usage_privileges 0: grantor grantee object_catalog object_schema object_name object_type privilege_type is_grantable \
/
user_defined_types 0: user_defined_type_catalog user_defined_type_schema user_defined_type_name \
user_defined_type_category is_instantiable is_final ordering_form ordering_category ordering_routine_catalog \
ordering_routine_schema ordering_routine_name reference_type data_type character_maximum_length \
character_octet_length character_set_catalog character_set_schema character_set_name collation_catalog \
collation_schema collation_name numeric_precision numeric_precision_radix numeric_scale datetime_precision \
interval_type interval_precision source_dtd_identifier ref_dtd_identifier /
view_column_usage 0: view_catalog view_schema view_name table_catalog table_schema table_name column_name /
view_routine_usage 0: table_catalog table_schema table_name specific_catalog specific_schema specific_name /
view_table_usage 0: view_catalog view_schema view_name table_catalog table_schema table_name /
views 0: table_catalog table_schema table_name check_option is_updatable is_insertable_into is_trigger_updatable \
is_trigger_deletable is_trigger_insertable_into / view_definition
"""

WITHHELD: Final = """
values of columns: pg_statistic pg_statistic_ext_data pg_stats pg_stats_ext pg_stats_ext_exprs pg_largeobject
passwords: pg_authid pg_shadow
options and addresses: pg_config pg_file_settings pg_hba_file_rules pg_ident_file_mappings pg_user_mappings \
pg_stat_wal_receiver pg_stat_replication pg_stat_ssl pg_stat_gssapi column_options foreign_data_wrapper_options \
foreign_data_wrappers foreign_server_options foreign_servers foreign_table_options user_mapping_options user_mappings \
_pg_foreign_data_wrappers _pg_foreign_servers _pg_foreign_table_columns _pg_foreign_tables _pg_user_mappings
names that clients chose: pg_prepared_xacts pg_replication_origin pg_replication_origin_status pg_replication_slots \
pg_stat_replication_slots pg_stat_subscription pg_stat_subscription_stats pg_backend_memory_contexts \
pg_shmem_allocations pg_shmem_allocations_numa pg_parameter_acl
what a statement just did: pg_stat_xact_all_tables pg_stat_xact_sys_tables pg_stat_xact_user_functions \
pg_stat_xact_user_tables pg_stat_progress_analyze pg_stat_progress_basebackup pg_stat_progress_cluster \
pg_stat_progress_copy pg_stat_progress_create_index pg_stat_progress_vacuum pg_aios
nobody asked for yet: pg_stat_all_indexes pg_stat_all_tables pg_stat_archiver pg_stat_bgwriter pg_stat_checkpointer \
pg_stat_database pg_stat_database_conflicts pg_stat_io pg_stat_recovery_prefetch pg_stat_slru pg_stat_sys_indexes \
pg_stat_sys_tables pg_stat_user_functions pg_stat_wal pg_statio_all_indexes pg_statio_all_sequences \
pg_statio_all_tables pg_statio_sys_indexes pg_statio_sys_sequences pg_statio_sys_tables pg_statio_user_indexes \
pg_statio_user_sequences pg_statio_user_tables pg_wait_events sql_features sql_implementation_info sql_parts sql_sizing
"""
