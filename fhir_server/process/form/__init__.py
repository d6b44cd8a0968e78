"""Forms: a questionnaire filled in beforehand by what is known, and what follows from its answers."""
