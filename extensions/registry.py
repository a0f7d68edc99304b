"""Every extension there is; the composition root gives this list to the hosts.

The order is that of starting: who is required stands before those who require it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from extensions.administration import Administration
from extensions.archive import Archive
from extensions.avatars import Avatars
from extensions.blocking import Blocking
from extensions.bookmarks import Bookmarks
from extensions.caps import Capabilities
from extensions.carbons import Carbons
from extensions.clients import Clients
from extensions.commands import Commands
from extensions.contact_addresses import ContactAddresses
from extensions.correction import Corrections
from extensions.csi import ClientState
from extensions.disco import Disco
from extensions.displayed import Displayed
from extensions.encryption_policy import EncryptionPolicy
from extensions.entity_time import EntityTime
from extensions.invitations import Invitations
from extensions.last_activity import LastActivity
from extensions.markers import Markers
from extensions.offline import Offline
from extensions.ping import Ping
from extensions.privacy import Privacy
from extensions.private_storage import PrivateStorage
from extensions.pubsub import PubSub
from extensions.push import Push
from extensions.registration import Registration
from extensions.retraction import Retractions
from extensions.software_version import SoftwareVersion
from extensions.vcard import VCards

if TYPE_CHECKING:
    from server.extension import Extension

ALL: Final[tuple[type[Extension], ...]] = (
    Disco,
    Archive,
    Carbons,
    Clients,
    ClientState,
    Commands,
    Administration,
    Blocking,
    Privacy,
    ContactAddresses,
    Corrections,
    EncryptionPolicy,
    EntityTime,
    LastActivity,
    Markers,
    Offline,
    Ping,
    PrivateStorage,
    PubSub,
    Displayed,
    Bookmarks,
    Push,
    Registration,
    Invitations,
    Retractions,
    SoftwareVersion,
    VCards,
    Avatars,
    Capabilities,  # last: it hashes what all others have said
)
