"""Two people and the library: a journal is made, shared through a folder, written by both and read by both.

    python examples/library.py

Everything happens in a temporary folder. In life each of the two has a machine of their own, `home` is left out, and a
passphrase seals the keys.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import couplejournal as cj

with tempfile.TemporaryDirectory() as folder:
    drive = Path(folder, "drive")  # in life: any folder that both have, synced by whatever the two already use
    drive.mkdir()

    # Ana starts a journal and invites Ben. The twelve words go to him by voice, never through the folder.
    ana = cj.create("Ana", home=Path(folder, "ana"), passphrase=cj.NO_PASSPHRASE)
    invitation = ana.pairing.invite(str(drive))
    joining = cj.join(drive, invitation.words, name="Ben", home=Path(folder, "ben"), passphrase=cj.NO_PASSPHRASE)
    assert joining.check_words == invitation.check_words  # both look at their screens: the same six words?
    joining.confirm()
    invitation.accept()
    ana.sync()
    ben = joining.journal
    ben.sync()

    # Both write. A note is private unless one says otherwise; everything else is for both.
    bid = ana.add(cj.Bid("Listen to this song with me?", tags=("music",)))
    ana.add(cj.Note("He hummed it in the shower. I said nothing."))
    ana.sync()
    ben.sync()
    ben.reply(bid.id[:8], cj.Response.toward("Yes. Tonight?"))
    goal = ben.add(cj.Goal("A week by the sea, without a plan", owner="ours"))
    ben.step(goal, "propose")
    ben.sync()
    ana.sync()
    ana.step(goal.id, "agree", text="With you, yes.")

    for entry in ana.entries():
        print(f"{entry.author.name:<4} {entry.kind:<9} {entry.audience:<8} {entry.state or '-':<7} {entry.text}")
    print("to be answered:", [entry.text for entry in ana.entries(kind="bid") if entry.state == "made"])
    print("next for the goal:", ", ".join(ana.view().steps_allowed(goal.id)))
    ana.close()
    ben.close()
