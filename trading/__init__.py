"""Memory, use cases, the engine and research; market rules and opinions live in the rooms below."""
