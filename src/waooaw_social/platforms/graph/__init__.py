"""Meta's shared grammar: what Instagram and Facebook say alike."""
