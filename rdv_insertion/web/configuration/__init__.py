"""What administrators set up in an organisation: motifs, lieux, sectors."""
