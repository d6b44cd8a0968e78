"""The patient contract (patientkontrakt): a person's plans, contacts, meetings and messages, told in words as a FHIR document."""
