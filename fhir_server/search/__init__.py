"""Which resources? Parameters, queries, index values. Pure: nothing here fetches."""
