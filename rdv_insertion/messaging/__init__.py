"""Everything that leaves for a person or an agent: one row first, one job, one channel.

Knows a recipient, a purpose and a context; neither invitation nor rdv.
"""
