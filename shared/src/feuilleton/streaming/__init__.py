from feuilleton.streaming import offset_answers as _offset_answers  # noqa: F401 (a fault of the client, seen to once)
