"""What became of messages: of a person, of an organisation."""
