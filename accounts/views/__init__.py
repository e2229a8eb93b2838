"""The pages of people's own safety: logging in and out, passwords, the second step."""
