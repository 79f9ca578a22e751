"""Departments, the organisations of a department, and where they are."""
