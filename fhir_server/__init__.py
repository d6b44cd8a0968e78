"""A FHIR R4 server for coordinated care planning: the SIP and discharge from hospital."""

__version__ = "0.1.0"
