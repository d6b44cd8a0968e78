"""What FHIR itself says: resources, references, instants, outcomes, definitions. No server here."""
