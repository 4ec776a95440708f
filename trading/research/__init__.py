"""Looking back: replays, backtests and their reports; nothing here trades."""
