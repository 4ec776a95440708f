"""What the market says, and when; nothing here has an opinion or places an order."""
