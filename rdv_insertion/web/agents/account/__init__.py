"""What an agent decides for themselves: mails about their rdvs, calendar feed."""
