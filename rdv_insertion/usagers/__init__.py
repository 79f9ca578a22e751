"""People: who they are, how one is recognised, where they are followed."""
