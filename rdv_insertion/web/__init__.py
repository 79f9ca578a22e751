"""All pages, by audience: agents/, usagers/ (the people invited), public/."""
