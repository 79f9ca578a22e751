"""The import of a list: file, columns, verification, writing, invitation. Each step has an address."""
