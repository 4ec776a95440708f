"""What the live page is fed with: the desk's present state, and its changes over a socket."""
