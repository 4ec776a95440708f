"""The market as Kite tells it: frames, the socket they come through, candles and the login."""
