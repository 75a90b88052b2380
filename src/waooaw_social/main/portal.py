"""CP, the customer portal's backend: its public API, and the internal one that lends tokens to Plant."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from waooaw_social.clients.environment import (
    internal_trust,
)
from waooaw_social.core.secret import Secret
from waooaw_social.cp import api as cp_api
from waooaw_social.cp.internal_api import internal_service
from waooaw_social.cp.vault import Vault
from waooaw_social.main.parts import Clock, customer_keys, opened
from waooaw_social.main.scraping import CPScrape, offer_metrics
from waooaw_social.serving import Listener
from waooaw_social.settings import Settings
from waooaw_social.storage.cp.credentials import Credentials
from waooaw_social.storage.seal import KeyRing, Sealer


@asynccontextmanager
async def cp(settings: Settings, clock: Clock, host: str, port: int) -> AsyncGenerator[list[Listener]]:
    """CP: its public API, and the internal one beside it or on a listener of its own."""
    async with opened(settings.cp_database(), "cp", clock, settings) as db:
        vault = Vault(
            credentials=Credentials(
                db=db, sealer=Sealer(KeyRing(settings.cp_platform_credentials_secret.get_secret_value()))
            ),
            keys=customer_keys(db),
        )
        key = Secret(settings.plant_internal_api_key.get_secret_value())
        apart = settings.cp_internal_bind
        public = cp_api.create_app(vault, internal_key=key, internal_here=apart is None)
        offer_metrics(public, CPScrape(db=db), settings)
        listeners = [Listener(app=public, host=host, port=port)]
        if apart:
            internal_trust(settings)  # says what is wrong with the files before anything listens
            there, _, at = apart.rpartition(":")
            alone = internal_service(vault, internal_key=key)
            listeners.append(Listener(app=alone, host=there, port=int(at), tls=settings.internal_tls()))
        yield listeners
