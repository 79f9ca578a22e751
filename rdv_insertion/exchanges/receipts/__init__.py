"""What providers post about messages, from the words of each to ours.

One module a provider; `readers.events_of` chooses by the source that was called.
"""
