"""What the server promises, told once more as OpenAPI 3.1: made from the definitions, for tools that do not read FHIR's."""
