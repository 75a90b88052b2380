"""What the HTTP faces of both services share."""
