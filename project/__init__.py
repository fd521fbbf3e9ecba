"""A small real site that uses statestore, and what ``manage.py`` runs."""
