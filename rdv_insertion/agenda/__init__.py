"""What can be booked, when, where and with whom; and what became of it."""
