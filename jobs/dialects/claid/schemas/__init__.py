"""What requests may hold, one file for each part of the API."""
