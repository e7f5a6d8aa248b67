"""The computation engine: a child process that has torch loaded, and the client that talks to it (without torch)."""
