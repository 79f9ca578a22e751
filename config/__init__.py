"""Settings, addresses and servers: what puts the product together."""
