"""One folder a channel. Each gives a `Transport`; a letter is printed by an agent and has none."""
