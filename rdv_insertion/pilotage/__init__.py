"""Statistics and exports: reads only, above everything that they count."""
