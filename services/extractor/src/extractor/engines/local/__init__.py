"""The engine without a network: cards are the author's own words, cut where two parses agree that it is safe."""
