"""The built-in types: pg_type.oid and typarray, as initdb makes them (catalog/pg_type.dat). A test holds them equal.

These numbers never change: clients know types by them.
"""

from __future__ import annotations

from typing import Final

_TABLE: Final = """
    bool 16 1000; bytea 17 1001; char 18 1002; name 19 1003; int8 20 1016; int2 21 1005; int2vector 22 1006;
    int4 23 1007; regproc 24 1008; text 25 1009; oid 26 1028; tid 27 1010; xid 28 1011; cid 29 1012;
    oidvector 30 1013; json 114 199; xml 142 143; pg_node_tree 194 0; pg_ndistinct 3361 0; pg_dependencies 3402 0;
    pg_mcv_list 5017 0; pg_ddl_command 32 0; xid8 5069 271; point 600 1017; lseg 601 1018; path 602 1019;
    box 603 1020; polygon 604 1027; line 628 629; float4 700 1021; float8 701 1022; unknown 705 0; circle 718 719;
    money 790 791; macaddr 829 1040; inet 869 1041; cidr 650 651; macaddr8 774 775; aclitem 1033 1034;
    bpchar 1042 1014; varchar 1043 1015; date 1082 1182; time 1083 1183; timestamp 1114 1115; timestamptz 1184 1185;
    interval 1186 1187; timetz 1266 1270; bit 1560 1561; varbit 1562 1563; numeric 1700 1231; refcursor 1790 2201;
    regprocedure 2202 2207; regoper 2203 2208; regoperator 2204 2209; regclass 2205 2210; regcollation 4191 4192;
    regtype 2206 2211; regrole 4096 4097; regnamespace 4089 4090; uuid 2950 2951; pg_lsn 3220 3221;
    tsvector 3614 3643; gtsvector 3642 3644; tsquery 3615 3645; regconfig 3734 3735; regdictionary 3769 3770;
    jsonb 3802 3807; jsonpath 4072 4073; txid_snapshot 2970 2949; pg_snapshot 5038 5039; int4range 3904 3905;
    numrange 3906 3907; tsrange 3908 3909; tstzrange 3910 3911; daterange 3912 3913; int8range 3926 3927;
    int4multirange 4451 6150; nummultirange 4532 6151; tsmultirange 4533 6152; tstzmultirange 4534 6153;
    datemultirange 4535 6155; int8multirange 4536 6157; record 2249 2287; cstring 2275 1263; any 2276 0;
    anyarray 2277 0; void 2278 0; trigger 2279 0; event_trigger 3838 0; language_handler 2280 0; internal 2281 0;
    anyelement 2283 0; anynonarray 2776 0; anyenum 3500 0; fdw_handler 3115 0; index_am_handler 325 0;
    tsm_handler 3310 0; table_am_handler 269 0; anyrange 3831 0; anycompatible 5077 0; anycompatiblearray 5078 0;
    anycompatiblenonarray 5079 0; anycompatiblerange 5080 0; anymultirange 4537 0; anycompatiblemultirange 4538 0;
    pg_brin_bloom_summary 4600 0; pg_brin_minmax_multi_summary 4601 0
"""
_ROWS: Final = tuple((name, int(oid), int(array)) for name, oid, array in (row.split() for row in _TABLE.split(";")))

OIDS: Final = {name: oid for name, oid, _ in _ROWS} | {f"_{name}": array for name, _, array in _ROWS if array}
"""pg_type.oid by pg_type.typname, array types (`_text`) among them."""

ARRAYS: Final = {oid: array for _, oid, array in _ROWS if array}
"""pg_type.typarray by pg_type.oid."""
