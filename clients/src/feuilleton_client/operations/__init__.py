"""What operators do beside HTTP, on the broker and the database themselves. Needs `feuilleton-client[ops]`."""
