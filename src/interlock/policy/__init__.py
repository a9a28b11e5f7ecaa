"""Policy: Cedar policies, annotated so that a forbid can say whose sign-off lifts it. Pure (design section 5).

`bundle.load` turns sources into a `Bundle`, which satisfies `ports.Policy`. The stations inside: `statements` splits a
text, `annotations` reads our grammar, `checks` finds what is wrong with one policy, `requests` turns an action into
Cedar's terms, `decide` judges, `cache` remembers.
"""
