"""May we, how much, when out; the only door between an opinion and an order."""
