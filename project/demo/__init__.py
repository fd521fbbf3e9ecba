"""The site's one app: pages that keep their state in statestore."""
