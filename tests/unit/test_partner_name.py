"""The partner's name without reading the journal: what every save says."""

from __future__ import annotations

from pathlib import Path

import couplejournal as cj


def test_partner_name_needs_no_entry(tmp_path: Path) -> None:
    """Empty while alone; then each has the other's name, as the view has it, without a view having been made."""
    (tmp_path / "drive").mkdir()
    with cj.create("Ana", home=tmp_path / "ana", passphrase=cj.NO_PASSPHRASE) as ana:
        assert ana.partner_name == ""
        invitation = ana.pairing.invite(str(tmp_path / "drive"))
        joining = cj.join(
            tmp_path / "drive", invitation.words, name="Ben", home=tmp_path / "ben", passphrase=cj.NO_PASSPHRASE
        )
        assert joining.check_words == invitation.check_words
        joining.confirm()
        invitation.accept()
        for journal in (ana, joining.journal, ana):
            journal.sync()
        joining.journal.close()
    for home, name in (("ana", "Ben"), ("ben", "Ana")):
        with cj.open(home=tmp_path / home) as journal:
            assert journal.partner_name == name
            assert journal.reader._view is None
            partner = journal.view().partner
            assert partner is not None
            assert partner.name == name
