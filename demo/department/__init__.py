"""The made-up Drôme (26) of the demonstration: structures, agendas, and some three hundred people.

Everything comes from one seeded generator and from `now`, so that two loads at one moment are equal. Nobody
in it exists: phones come from the ranges that ARCEP keeps for fiction, mails from example.org.
"""
