"""One operation a file, named as its OperationDefinition names it."""
