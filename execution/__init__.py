"""How orders live, from request to last fill and cost; nothing here decides whether to trade."""
