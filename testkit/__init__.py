"""Real, small, breakable peers to try a gateway with: links that record and cut, servers that lie."""
