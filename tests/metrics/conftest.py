"""The house of Plant's tests, and one event loop for the session, as it has."""

from plant.conftest import anyio_backend, house

__all__ = ["anyio_backend", "house"]
