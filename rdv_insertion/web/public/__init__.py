"""Pages for everybody: home, health."""
