"""What a statement is and touches: text, tree, names, reach, effects, template. Pure; coarse where it must be.

    text --parse--> tree --statement.analyse--> Statement --template--> Template

The first form is coarse and closed: what isn't understood is refused, or carries every label in reach. Exact lineage
will come as a further field of `Statement` (a source set for each output column) that `actions.from_sql` prefers to
`reach`; nothing else has to move.
"""
