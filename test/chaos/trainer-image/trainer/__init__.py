"""A trainer of a few lines for chaos and latency runs: it counts, and hands in what it counted to."""
