"""The web application: health, the door for webhooks, and what carries them."""
