"""Pure opinion: what the desk thinks of the market; nothing here can place an order."""
