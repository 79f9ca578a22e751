"""Where a person stands in a category: facts told by the layers above, and the status they amount to."""
