"""What every layer may use and that names no idea of the product."""
