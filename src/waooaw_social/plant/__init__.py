"""The agents' backend: accepts publications, carries them out, and says truthfully how they ended."""
