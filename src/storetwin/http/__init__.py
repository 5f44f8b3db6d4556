"""What every client of someone else's API stands on: transport, retries, circuit, load."""
