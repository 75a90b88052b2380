"""The only SQL. Two databases that do not know each other: `cp` for custody, `plant` for publications; what they share stands beside them."""
