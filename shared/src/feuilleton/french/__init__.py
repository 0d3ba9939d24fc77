"""Rules of French text that more than one service needs. Pure."""
