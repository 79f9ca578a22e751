"""What other software tells us and is told: providers' receipts, replies by mail."""
