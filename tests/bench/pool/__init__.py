"""How many numbers a pool needs: traces of a job board, replayed through the real store."""
