"""Mail and SMS providers of our own: real sockets, the documented protocols, nothing leaves.

Each keeps what it received as one file a message (storage.py), read by demo/outbox.py. In tests they are
context managers on free ports, told beforehand how to answer (script.py). On its own:
`python -m demo.providers --outbox DIR --smtp-port N --sms-port M`.
"""
