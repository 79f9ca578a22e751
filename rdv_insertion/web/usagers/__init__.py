"""The pages of the people who are invited: no login, no jargon, one question a page, no JavaScript needed."""
