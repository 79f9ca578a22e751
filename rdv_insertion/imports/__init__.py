"""From a file that somebody sends to people who are known, nobody twice, nothing written unseen."""
