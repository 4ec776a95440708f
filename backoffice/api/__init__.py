"""The console for programs: JSON over HTTP under `/api/v1`. It parses, makes one call, renders."""
