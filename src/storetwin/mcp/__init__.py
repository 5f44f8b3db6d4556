"""The MCP server: an assistant reads the twin, with the permissions of its user."""
