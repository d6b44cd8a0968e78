"""One FHIR interaction a file, named as the specification names it."""
