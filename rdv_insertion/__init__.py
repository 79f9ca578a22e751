"""rdv-insertion: from the file of the CAF to a person sitting in front of an agent."""
