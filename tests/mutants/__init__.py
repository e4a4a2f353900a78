"""Which tests notice which mistakes: ``python -m tests.mutants --help``.

`drawing` makes random mistakes with cosmic-ray, and `mends` takes real mends back.
`watch` records what each test reaches, and `reached` finds the tests that a mistake
meets. `bench` makes one mistake after the other in a copy of the checkout and runs
these tests, and `decide` finds the tests that nobody would miss."""
