"""Letters to the person: what they say, decided from facts, and how they look. Pure but for `post`, which sends.

`content.compose` makes a letter of `facts.Facts`, `render` its forms. The prose stands in `texts/`, what each law
makes a letter say in `laws/`, the layouts in `layouts/`.
"""
