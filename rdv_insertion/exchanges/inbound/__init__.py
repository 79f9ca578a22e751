"""Answers to our mails: read (`mails`), freed of what they quote (`texts`), given to the right people
(`forwarding`)."""
