"""Lets `python -m status_api` start the service."""

import sys

from status_api.main import main

sys.exit(main())
