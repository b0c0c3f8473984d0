"""Deployment to the machine of the nightly run, and checks of its dependencies."""
