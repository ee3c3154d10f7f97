"""Programs beside the tests: the soak, the table of failures, and what tests run as a process."""
