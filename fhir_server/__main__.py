"""`python -m fhir_server` is `fhir-server`."""

from fhir_server.cli import main

main()
