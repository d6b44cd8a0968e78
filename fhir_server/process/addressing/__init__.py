"""The addressing register: which unit takes a message about a person, by what the units' rows say they answer for."""
