"""The doors of providers: where other software posts what it has to tell. People never come here."""
