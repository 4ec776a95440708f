"""A Kite of our own: the simulated exchange behind Kite's REST and WebSocket protocol."""
