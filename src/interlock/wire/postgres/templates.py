"""The server's own messages that may be passed on, as data for `complaints.py`: by SQLSTATE, whole, each gap of a kind.

    {name}  an identifier, perhaps qualified        {names}  several, with commas        {word}  SQL's own words
    {type}  a type      {sign}  name(type, ...)     {op}  an operator                    {number}  digits
    {value} anything: it may be a stored value, so the line says behind `->` what is told instead

A message that fits no line isn't told. Sections say how much may have been evaluated when a message of theirs is still
believed: `ANYTHING` (users' code, so there are no gaps), `DATA` (built-ins over stored values: gaps hold types, or
names that the error's own fields or the definitions have), `NAMES` (nothing but names and the text's own constants).
P0001 and all that aren't here are never told in the server's words. Source: what PostgreSQL 18 says when provoked
(tests/leaks/test_messages_out.py).
"""

from __future__ import annotations

from typing import Final

ANYTHING: Final = """
25001 there is already a transaction in progress
25P01 there is no transaction in progress
25P02 current transaction is aborted, commands ignored until end of transaction block
25P03 terminating connection due to idle-in-transaction timeout
40P01 deadlock detected
40001 could not serialize access due to concurrent update
40001 could not serialize access due to concurrent delete
40001 could not serialize access due to read/write dependencies among transactions
53300 sorry, too many clients already
53300 remaining connection slots are reserved for roles with the SUPERUSER attribute
55P03 canceling statement due to lock timeout
57014 canceling statement due to user request
57014 canceling statement due to statement timeout
57P01 terminating connection due to administrator command
57P03 the database system is starting up
57P03 the database system is shutting down
57P05 terminating connection due to idle-session timeout
"""

DATA: Final = """
21000 more than one row returned by a subquery used as an expression
21000 ON CONFLICT DO UPDATE command cannot affect row a second time
21000 MERGE command cannot affect row a second time
22001 value too long for type {type}
22003 {type} out of range
22003 numeric field overflow
22003 value "{value}" is out of range for type {type} -> value is out of range for type {type}
22003 "{value}" is out of range for type {type} -> value is out of range for type {type}
22003 value out of range: overflow
22003 value out of range: underflow
22003 value overflows numeric format
22007 invalid input syntax for type {type}: "{value}" -> invalid input syntax for type {type}
22008 date/time field value out of range: "{value}" -> date/time field value out of range
22008 {type} out of range
22008 {type} out of range: "{value}" -> {type} out of range
22012 division by zero
2201E cannot take logarithm of zero
2201E cannot take logarithm of a negative number
2201F cannot take square root of a negative number
2201F zero raised to a negative power is undefined
2201F a negative number raised to a non-integer power yields a complex result
2201W LIMIT must not be negative
2201X OFFSET must not be negative
22011 negative substring length not allowed
22021 invalid byte sequence for encoding "UTF8": {value} -> invalid byte sequence for encoding "UTF8"
2202E malformed array literal: "{value}" -> malformed array literal
22P02 invalid input syntax for type {type}: "{value}" -> invalid input syntax for type {type}
22P02 invalid input syntax for type {type} -> invalid input syntax for type {type}
22P02 invalid input value for enum {type}: "{value}" -> invalid input value for enum {type}
22P02 malformed array literal: "{value}" -> malformed array literal
22P02 malformed range literal: "{value}" -> malformed range literal
22P02 malformed record literal: "{value}" -> malformed record literal
22P02 "{value}" is not a valid binary digit -> not a valid binary digit
22P02 "{value}" is not a valid hexadecimal digit -> not a valid hexadecimal digit
22P03 incorrect binary data format
22P03 incorrect binary data format in bind parameter {number}
22P04 extra data after last expected column
22P04 missing data for column "{name}"
22P04 row field count is {number}, expected {number}
22P04 unterminated CSV quoted field
22000 range lower bound must be less than or equal to range upper bound
23502 null value in column "{name}" of relation "{name}" violates not-null constraint
23502 column "{name}" of relation "{name}" contains null values
23502 domain {type} does not allow null values
23503 insert or update on table "{name}" violates foreign key constraint "{name}"
23503 update or delete on table "{name}" violates foreign key constraint "{name}" on table "{value}" \
-> update or delete on table "{name}" violates foreign key constraint "{name}"
23503 update or delete on table "{name}" violates RESTRICT setting of foreign key constraint "{name}" on table \
"{value}" -> update or delete on table "{name}" violates RESTRICT setting of foreign key constraint "{name}"
23505 duplicate key value violates unique constraint "{name}"
23505 could not create unique index "{name}"
23514 new row for relation "{name}" violates check constraint "{name}"
23514 check constraint "{name}" of relation "{name}" is violated by some row
23514 value for domain {type} violates check constraint "{name}"
23514 no partition of relation "{name}" found for row
23514 new row for relation "{name}" violates partition constraint
23P01 conflicting key value violates exclusion constraint "{name}"
23P01 could not create exclusion constraint "{name}"
42501 permission denied for {word} {name}
42501 permission denied for column "{name}" of relation "{name}"
42501 must be owner of {word} {name}
42501 permission denied to create role
42501 permission denied to create database
428C9 cannot insert a non-DEFAULT value into column "{name}"
42P10 there is no unique or exclusion constraint matching the ON CONFLICT specification
55P03 could not obtain lock on row in relation "{name}"
55P03 could not obtain lock on relation "{name}"
"""

NAMES: Final = """
00000 {word} "{name}" does not exist, skipping
00000 {word} {sign} does not exist, skipping
00000 column "{name}" of relation "{name}" does not exist, skipping
00000 constraint "{name}" of relation "{name}" does not exist, skipping
00000 drop cascades to {number} other objects
00000 drop cascades to {word} {name}
00000 truncate cascades to table "{name}"
0A000 {word} is not supported
0A000 set-returning functions are not allowed in {word}
0A000 cross-database references are not implemented: "{name}"
0A000 cannot change {word} of view column "{name}" to "{name}"
0A000 DISTINCT is not implemented for window functions
2BP01 cannot drop {word} {name} because other objects depend on it
22023 time zone displacement out of range
22023 {word} position must be greater than zero
22P02 invalid value for parameter "{name}": "{value}" -> invalid value for parameter "{name}"
22023 invalid value for parameter "{name}": "{value}" -> invalid value for parameter "{name}"
22023 parameter "{name}" requires a Boolean value -> parameter "{name}" requires a Boolean value
22023 parameter "{name}" requires a numeric value -> parameter "{name}" requires a numeric value
25001 {word} cannot run inside a transaction block
25006 cannot execute {word} in a read-only transaction
25P01 {word} can only be used in transaction blocks
3B001 savepoint "{name}" does not exist
3D000 database "{name}" does not exist
3F000 schema "{name}" does not exist
3F000 no schema has been selected to create in
34000 cursor "{name}" does not exist
42501 permission denied for {word} {name}
42501 permission denied to set parameter "{name}"
42601 each {word} query must have the same number of columns
42601 INSERT has more expressions than target columns
42601 INSERT has more target columns than expressions
42601 VALUES lists must all be the same length
42601 number of columns does not match number of values
42601 subquery must return only one column
42601 subquery has too many columns
42601 subquery has too few columns
42601 unequal number of entries in row expressions
42601 SELECT * with no tables specified is not valid
42601 syntax error at end of input
42601 syntax error at or near "{name}"
42601 a column definition list is required for functions returning "record"
42601 multiple assignments to same column "{name}"
42611 conflicting NULL/NOT NULL declarations for column "{name}" of table "{name}"
42622 identifier "{name}" will be truncated to "{name}"
42701 column "{name}" specified more than once
42701 column "{name}" of relation "{name}" already exists
42701 column name "{name}" appears more than once in USING clause
42702 column reference "{name}" is ambiguous
42702 column "{name}" is ambiguous
42702 common column name "{name}" appears more than once in left table
42702 common column name "{name}" appears more than once in right table
42702 {word} "{name}" is ambiguous
42703 column "{name}" does not exist
42703 column {name} does not exist
42703 column "{name}" of relation "{name}" does not exist
42703 column "{name}" specified in USING clause does not exist in left table
42703 column "{name}" specified in USING clause does not exist in right table
42703 column "{name}" not found in data type {type}
42703 column "{name}" named in key does not exist
42703 column "{name}" referenced in foreign key constraint does not exist
42704 {word} "{name}" does not exist
42704 {word} "{name}" for {word} "{name}" does not exist
42704 constraint "{name}" of relation "{name}" does not exist
42704 constraint "{name}" for table "{name}" does not exist
42704 collation "{name}" for encoding "{name}" does not exist
42704 unrecognized configuration parameter "{name}"
42704 data type {type} has no default operator class for access method "{name}"
42704 operator class "{name}" does not exist for access method "{name}"
42710 {word} "{name}" already exists
42710 {word} "{name}" already exists, skipping
42710 constraint "{name}" for relation "{name}" already exists
42710 trigger "{name}" for relation "{name}" already exists
42712 table name "{name}" specified more than once
42723 function "{name}" already exists with same argument types
42725 function {sign} is not unique
42725 operator is not unique: {type} {op} {type}
42725 operator is not unique: {op} {type}
42803 column "{name}" must appear in the GROUP BY clause or be used in an aggregate function
42803 subquery uses ungrouped column "{name}" from outer query
42803 aggregate functions are not allowed in {word}
42803 aggregate function calls cannot be nested
42803 aggregate function calls cannot contain window function calls
42804 argument of {word} must be type {type}, not type {type}
42804 argument of {word} must not return a set
42804 column "{name}" is of type {type} but expression is of type {type}
42804 column "{name}" is of type {type} but default expression is of type {type}
42804 column "{name}" cannot be cast automatically to type {type}
42804 {word} types {type} and {type} cannot be matched
42804 {word} could not convert type {type} to {type}
42804 foreign key constraint "{name}" cannot be implemented
42804 subscripted object in assignment must be of type {type}
42804 cannot subscript type {type} because it does not support subscripting
42804 array subscript must have type integer
42804 JOIN/USING types {type} and {type} cannot be matched
42804 could not determine polymorphic type because input has type {type}
42809 column notation .{name} applied to type {type}, which is not a composite type
42809 {sign} is not an aggregate function
42809 {sign} is an aggregate function
42809 {sign} is a procedure
42809 {sign} is not a procedure
42809 "{name}" is not a {word}
42809 "{name}" is a {word}
42809 cannot change materialized view "{name}"
42809 cannot open relation "{name}"
42809 window function {name} requires an OVER clause
42809 DISTINCT specified, but {name} is not an aggregate function
42809 OVER specified, but {name} is not a window function nor an aggregate function
42809 FILTER specified, but {name} is not an aggregate function
42830 there is no unique constraint matching given keys for referenced table "{name}"
42830 there is no primary key for referenced table "{name}"
42830 number of referencing and referenced columns for foreign key disagree
42846 cannot cast type {type} to {type}
42883 {word} {sign} does not exist
42883 {word} {name} does not exist
42883 operator does not exist: {type} {op} {type}
42883 operator does not exist: {op} {type}
42883 could not identify an equality operator for type {type}
42883 could not identify an ordering operator for type {type}
428C9 cannot insert a non-DEFAULT value into column "{name}"
428C9 column "{name}" can only be updated to DEFAULT
428C9 column "{name}" is an identity column defined as GENERATED ALWAYS
42939 permission denied to create "{name}"
42P01 relation "{name}" does not exist
42P01 relation "{name}" does not exist, skipping
42P01 {word} "{name}" does not exist
42P01 missing FROM-clause entry for table "{name}"
42P01 invalid reference to FROM-clause entry for table "{name}"
42P01 relation "{name}" in {word} clause not found in FROM clause
42P02 there is no parameter ${number}
42P04 database "{name}" already exists
42P05 prepared statement "{name}" already exists
42P06 schema "{name}" already exists
42P06 schema "{name}" already exists, skipping
42P07 relation "{name}" already exists
42P07 relation "{name}" already exists, skipping
42P08 inconsistent types deduced for parameter ${number}
42P09 table reference "{name}" is ambiguous
42P10 {word} position {number} is not in select list
42P10 column reference "{name}" is not valid
42P10 invalid reference to FROM-clause entry for table "{name}"
42P10 for SELECT DISTINCT, ORDER BY expressions must appear in select list
42P10 SELECT DISTINCT ON expressions must match initial ORDER BY expressions
42P10 table "{name}" has {number} columns available but {number} columns specified
42P16 multiple primary keys for table "{name}" are not allowed
42P16 column "{name}" is in a primary key
42P16 cannot drop columns from view
42P16 cannot change name of view column "{name}" to "{name}"
42P17 infinite recursion detected in rules for relation "{name}"
42P18 could not determine data type of parameter ${number}
42P18 could not determine which collation to use for {word}
42P19 recursive reference to query "{name}" must not appear {word}
42P19 recursive query "{name}" does not have the form non-recursive-term UNION [ALL] recursive-term
42P20 window functions are not allowed in {word}
42P20 window function calls cannot be nested
42P21 collation mismatch between explicit collations "{name}" and "{name}"
42P22 could not determine which collation to use for {word}
42P22 could not determine which collation to use for {word} expression
44000 new row violates check option for view "{name}"
55000 cannot insert into view "{name}"
55000 cannot update view "{name}"
55000 cannot delete from view "{name}"
55000 materialized view "{name}" has not been populated
55006 database "{name}" is being accessed by other users
"""

HINTS: Final = """
No function matches the given name and argument types. You might need to add explicit type casts.
No function of that name exists.
No function of that name accepts the given number of arguments.
No function of that name accepts the given argument types.
No operator of that name exists.
No operator of that name accepts the given argument types.
You might need to add explicit type casts.
No operator matches the given name and argument types. You might need to add explicit type casts.
No operator matches the given name and argument type. You might need to add an explicit type cast.
No procedure matches the given name and argument types. You might need to add explicit type casts.
Could not choose a best candidate function. You might need to add explicit type casts.
Could not choose a best candidate operator. You might need to add explicit type casts.
You will need to rewrite or cast the expression.
Use DROP ... CASCADE to drop the dependent objects too.
Perhaps you meant to reference the column "{name}".
Perhaps you meant to reference the column "{name}" or the column "{name}".
Perhaps you meant to reference the table alias "{name}".
To call a procedure, use CALL.
To call a function, use SELECT.
Use OVERRIDING SYSTEM VALUE to override.
Use the COLLATE clause to set the collation explicitly.
Rename one of the columns, or use a table alias.
You might need to specify "USING {name}::{type}".
There is a column named "{name}" in table "{name}", but it cannot be referenced from this part of the query.
"""
