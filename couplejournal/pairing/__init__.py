"""How do two become a journal? Invite, join, accept, over a folder that may be slow and hostile.

Stands after view and before journal. Rules that a reader may rely on (docs/spec/format.md 6): the words never touch the
folder; both persons compare six check words and say yes before anything is founded, admitted or copied; what makes a
book is one durable file, so a crash leaves either no book or one that the next start completes; a pairing goes on
after a restart, and cancelling takes back one's own part at once.
"""

from couplejournal.pairing.desk import Pairing
from couplejournal.pairing.inviting import Invitation
from couplejournal.pairing.joining import Joining

__all__ = ["Invitation", "Joining", "Pairing"]
