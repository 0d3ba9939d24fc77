"""The processes of the local system under supervisor: what they are, its configuration, and talking to it."""
